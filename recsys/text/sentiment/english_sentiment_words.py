"""English words of praise and complaint, compiled for this project.

Labelled texts of one place never hold all of them. What they are worth is learned, what they are is
known beforehand, so that a model of tweets knows what a reviewer means by "tedious".
"""

from __future__ import annotations

import math
from collections.abc import Sequence

GOOD_VERBS = """
admire adore amaze amuse applaud appreciate bless celebrate charm cheer cherish comfort commend
congratulate cure dazzle delight embrace enchant encourage enjoy entertain excel excite fascinate
flourish forgive fulfil heal honor honour impress improve inspire laugh love outperform praise
prosper rally reassure rebound recommend recover refresh rejoice relieve rescue respect reward
smile soothe sparkle succeed surpass thank thrill thrive triumph trust uplift welcome win
"""
GOOD = """
accomplished accurate adorable advantage affectionate agreeable amazing appealing attractive award
awesome beautiful beauty beloved best better blessed blessing bliss bonus brave bravo breakthrough
breathtaking bright brilliant calm capable captivating cheerful classy clean clever comfortable
comfy compelling confident congrats congratulations considerate convenient cool cosy courage
courteous cozy creative crisp cute dazzling decent delicious delightful dependable deserved dream
durable easy ecstatic effective efficient elegant enjoyable enthusiastic epic excellent
exceptional excited exciting exquisite extraordinary fabulous fair faithful fantastic fascinating
fave favorite favourite fine flawless fond freedom fresh friendly fun funny gem generous genius
gentle genuine gift glad good gorgeous grateful gratitude great gripping haha handy happiness
happy healthy heartwarming helpful hero hilarious honest hope hopeful ideal imaginative impeccable
impressive incredible innovative insightful inspired intelligent interesting inviting joy joyful
kindness kudos legendary likable liked lively lmao lol lovely loving loyal lucky luxurious magic
magical magnificent marvellous marvelous masterful masterpiece meaningful memorable merry miracle
neat nice nicely optimistic outstanding passionate patient peace peaceful perfect perfection
phenomenal pleasant pleased pleasing pleasure polite popular positive powerful precious prize
profitable progress promising proud quality quick radiant refreshing relaxing reliable remarkable
respectful responsive rewarding robust romantic safe satisfied satisfying saved sensational
sincere skilled smart smooth solid spectacular splendid stellar strength strong stunning sturdy
stylish sublime success successful super superb superior sweet talented tasty tender terrific
thankful thanks thorough thoughtful thrilled thrilling thumbs top touching treasure treasured
treat trustworthy unforgettable upgrade useful valuable vibrant victorious victory vivid warm
warmth wealth welcoming wise wit witty won wonder wonderful worth worthwhile worthy wow yay yum
yummy
"""
BAD_VERBS = """
abandon abuse accuse aggravate anger annoy appal attack bankrupt betray blame bleed bore bother
break bully cheat collapse complain condemn confuse corrupt crash cripple criticise criticize cry
curse damage deceive decline degrade despise destroy deteriorate detest die disappoint disgust
dislike dismiss disrupt disturb doom dread drown endanger enrage exaggerate exploit fail fear fire
flood frighten frustrate harass harm hate humiliate hurt ignore infuriate injure insult irritate
kill lack lag lie lose mislead mock mourn murder neglect offend oppress overcharge panic plague
plummet plunge pollute provoke punish rape regret reject resent resign ruin sack scare scream
shatter shock shout sicken slam slump smell spoil stab starve steal stink struggle suck sue suffer
suffocate suspect terrify threaten torture traumatise trick tumble underperform upset violate
vomit warn waste weep whine worry worsen wreck yell
"""
BAD = """
absurd abysmal alarming alone angry annoying anxious appalling arrogant ashamed atrocious avoid
awful awkward bad badly bankrupt bankruptcy bigot bitter bland blood bloody bomb bombing boring
broke broken brutal bug buggy catastrophe catastrophic chaos cheap cheesy cliche cliched clumsy
cold complaint confused confusing contempt contrived corruption coward crap crappy crazy creepy
crime criminal crisis cruel cruelty cynical damaged damn danger dangerous dead deadly death defect
defective deficit delay delayed denied depressed depressing depression desperate destruction
devastating difficult dirty disappointed disappointing disappointment disaster disastrous disease
disgrace disgraceful disgusting dishonest dismal displeased disrespectful dissatisfied distress
dreadful dreary dull dumb embarrassing enemy error evil excuse expensive failure fake false famine
fatal fault faulty fear fearful filthy flaw flawed flimsy fml fool foolish forgettable fraud
freezing frustrated frustrating frustration garbage generic ghastly gloomy greed greedy grief grim
gross guilty hacked hard hardship harsh hateful headache heartbreaking heartbroken hell helpless
hideous hopeless horrendous horrible horrid horrific horror hostile hunger hypocrite idiot idiotic
illegal immoral impossible inadequate incoherent incompetent inedible ineffective inferior
infuriating injury injustice insane insecure insulting intolerable irresponsible irritating
jealous joke junk lame late laughable layoff lazy lies lifeless loathsome lonely loser loss lost
lousy mad massacre mediocre mess messy miserable misery misfortune misguided mistake monotonous
moron murder nasty nausea nauseating negative nightmare noise noisy nonsense obnoxious offensive
outrage outrageous overcooked overlong overpriced overrated pain painful pathetic petty pity
plodding pointless poison poor poorly poverty predictable pretentious problem racist rage
recession reckless refund regrettable repetitive repulsive ridiculous rip-off ripoff risk robbery
rotten rubbish rude sad sadly sadness scam scandal scary selfish senseless shabby shallow shame
shameful shit shitty shoddy sick silly sinister slaughter sleazy sloppy slow smelly smh sorry spam
stale stinks stolen stress stressed stressful stupid stupidity sucks suicide tedious terrible
terrifying terror terrorist threat tired tiresome toxic tragedy tragic traitor trash trouble
troubled ugh ugly unable unacceptable unbearable uncomfortable underwhelming uneven unfair
unfortunate unfortunately unfunny unhappy unhelpful uninspired unpleasant unprofessional
unreliable unsafe unwanted unwatchable useless vicious victim vile violence violent vulgar war
weak weird wicked wooden worried worry worse worst worthless wound wrong wtf yikes yuck
"""
EVEN = """
bests coldly coolers demanding fines finest fired fires firing goods hardly kindred kinds lately
later latest lies likely likes meaning meanings means meant mooder mostly pleases saver saves
saving savings supporter tops truely warmer wells wining yester
""".split()

MORE = """
rise rises rising rose risen jump jumps jumped increase increases increased increasing grow grows
grew grown growing climb climbs climbed surge surges surged soar soars soared gain gains gained
double doubled doubles up higher record improve improved widen widened expand expanded boost
boosted raise raised raises exceed exceeded beat beats beating
""".split()
LESS = """
fall falls fell fallen falling drop drops dropped decline declines declined declining decrease
decreased decreases down lower cut cuts shrink shrank shrinks narrow narrowed narrows slump
slumped plunge plunged slide slid slip slipped sink sank tumble tumbled reduce reduced reduces
halve halved lowest missed misses
""".split()
WELCOME = """
profit profits sales revenue revenues earnings income shares share stock stocks orders order
dividend margin margins demand growth output outlook wages jobs employment turnover expectations
forecasts estimates production exports attendance donations
""".split()
UNWELCOME = """
loss losses cost costs debt debts unemployment crime deaths inflation deficit poverty expenses
layoffs infections emissions complaints delays rent taxes casualties joblessness
""".split()

NEAR = 6  # words between what rises or falls and the word that says so


def _forms(text: str, endings: bool) -> frozenset[str]:
    found = set(text.split())
    for word in text.split() if endings else ():
        stem = word.removesuffix("e")
        found |= {word + "s", stem + "ed", stem + "ing", stem + "er"}
        if word.endswith("y"):
            found |= {word[:-1] + "ies", word[:-1] + "ied"}
        if word.endswith(("s", "sh", "ch", "x")):
            found.add(word + "es")
        if len(word) > 2 and word[-1] in "bgmnptl" and word[-2] in "aeiou":
            found |= {word + word[-1] + "ed", word + word[-1] + "ing"}
    for word in () if endings else text.split():
        stem = word.removesuffix("e")
        found |= {word + "ly", word + "s", stem + "er", stem + "est"}
        if word.endswith("y"):
            found |= {word[:-1] + end for end in ("ily", "ier", "iest", "ies")}
        if word.endswith("le"):
            found.add(word[:-1] + "y")
    return frozenset(found)


PRAISE = (_forms(GOOD_VERBS, True) | _forms(GOOD, False)) - frozenset(EVEN)
BLAME = (_forms(BAD_VERBS, True) | _forms(BAD, False)) - frozenset(EVEN)
_MORE, _LESS = frozenset(MORE), frozenset(LESS)
_WELCOME, _UNWELCOME = frozenset(WELCOME), frozenset(UNWELCOME)


def cue_counts(words: Sequence[str], negated: Sequence[bool]) -> tuple[float, ...]:
    """Return how much a text praises, blames, denies praise, denies blame, and what is left of it.

    More of what is welcome is praise, and so is less of what is not: losses that shrink.
    """
    news = _news(words)
    counts = [
        sum(word in result and flag is denied for word, flag in zip(words, negated, strict=True))
        for denied in (False, True)
        for result in (PRAISE, BLAME)
    ]
    praise, blame = counts[0] + news[0], counts[1] + news[1]
    good, bad = praise + 0.5 * counts[3], blame + 0.75 * counts[2]
    found = (praise, blame, counts[2], counts[3])
    return (*map(math.log1p, found), (good - bad) / (good + bad + 1.0))


def _news(words: Sequence[str]) -> tuple[int, int]:
    """Return how often something goes the right way, and the wrong way."""
    moves = [(at, word in _MORE) for at, word in enumerate(words) if word in _MORE or word in _LESS]
    found = [0, 0]
    for at, more in moves:
        near = words[max(at - NEAR, 0) : at + NEAR + 1]
        n_welcome = sum(word in _WELCOME for word in near)
        unwanted = sum(word in _UNWELCOME for word in near)
        if n_welcome != unwanted:
            found[(n_welcome > unwanted) is not more] += 1
    return found[0], found[1]
