"""Weighted phrases of the text rules in English and Chinese; weights from 0 to 1.

A default written by hand, for obvious cases. A phrase of .5 and more is enough by itself; smaller
weights add up (see text_rules.py). Insults are listed so that they are found, whoever is addressed.
"""

from __future__ import annotations

from collections.abc import Mapping

KINDS = ("insult", "threat", "scam", "rumour")

# Words that hurt by themselves, and words that hurt when they are said to somebody.
SLURS = (
    "cunt cunts faggot faggots fucktard motherfucker motherfuckers nigger niggers retard retards "
    "scumbag scumbags shithead dumbass kike tranny"
)
INSULTS = (
    "idiot idiots moron morons imbecile stupid dumb loser losers pathetic worthless pig pigs scum "
    "clown clowns coward cowards creep disgusting trash garbage filth vermin parasite liar fool "
    "fools brainless braindead ignorant psycho lunatic freak jerk useless disgrace asshole "
    "assholes bastard bitch bitches dickhead douchebag jackass slut sluts twat wanker whore whores"
)

_SOMEBODY = "(?:you|u|him|her|them|your|all of you|everyone|everybody)"

# English: what a text holds one of that holds the phrase, between commas; the phrase (each blank
# stands for any space); weight. The first are looked up before the phrase is.
ENGLISH: Mapping[str, tuple[tuple[str, str, float], ...]] = {
    "insult": (
        ("fuck yourself, fuck you, fuck off", r"(?:go )?fuck (?:yourself|you|off)", 0.8),
        ("shut up, shut the fuck up", r"shut (?:the fuck )?up", 0.35),
        ("of shit, of crap, of garbage", r"(?:piece|load|bag) of (?:shit|crap|garbage)", 0.55),
        (
            "nobody likes, nobody wants, nobody cares",
            r"nobody (?:likes|wants|cares about) you",
            0.6,
        ),
    ),
    "threat": (
        (
            "kill, murder, shoot, stab, hurt, beat, destroy, strangle, rape, hunt",
            r"(?:i|we)(?:'ll| will|'m going to| am going to|'m gonna| gonna| swear i'll) "
            r"(?:find (?:you )?and )?"
            r"(?:kill|murder|shoot|stab|hurt|beat|destroy|strangle|rape|hunt) " + _SOMEBODY,
            0.9,
        ),
        (
            "to die, should die, must die, all die, be shot, be killed, be hanged, in hell, "
            "get shot",
            r"(?:you|u|they|he|she) (?:all )?"
            r"(?:should|must|deserves? to|need to|ought to) (?:all )?"
            r"(?:die|be shot|be killed|be hanged|burn in hell|get shot)",
            0.75,
        ),
        (
            "gonna die, will die, ll die, going to die",
            r"you(?:'re gonna| will|'ll| are going to) die",
            0.55,
        ),
        (
            "kys, kill yourself, rot in hell, hope you die",
            r"(?:kys\b|kill yourself|rot in hell|hope you die)",
            0.8,
        ),
        (
            "watch your back, a dead man, a dead woman, one eye open",
            r"(?:watch your back|you(?:'re| are) a dead (?:wo)?man|"
            r"sleep with one eye open)",
            0.6,
        ),
        ("drop dead, re dead", r"(?:drop dead|you(?:'re| are) dead)", 0.3),
        (
            "know where",
            r"(?:i|we) know where (?:you|u|your (?:family|kids|children)) "
            r"(?:live|work|sleep|go)s?",
            0.8,
        ),
        (
            "burn, blow up, bomb",
            r"(?:burn|blow up|bomb) (?:down )?(?:your|their|his|her) "
            r"(?:house|home|car|office|school)",
            0.8,
        ),
    ),
    "scam": (
        (
            "double your, triple your, 10x your, multiply your",
            r"(?:double|triple|10x|multiply) your "
            r"(?:money|bitcoin|btc|eth|investment|crypto|income)",
            0.85,
        ),
        (
            "guaranteed, risk free, risk-free, 100% safe",
            r"(?:guaranteed|risk[ -]free|100% safe) "
            r"(?:profits?|returns?|income|investment|earnings?)",
            0.8,
        ),
        (
            "you won, ve won, been selected, been chosen",
            r"you(?:'ve| have)? (?:won|been selected|been chosen)",
            0.3,
        ),
        ("claim your", r"claim your (?:prize|reward|gift|money|winnings|free)", 0.5),
        (
            "gift card, western union, wire transfer, moneygram, cash app, cashapp, paypal me",
            r"(?:gift cards?|western union|wire transfer|moneygram|cash ?app|paypal me)",
            0.3,
        ),
        (
            "click here, click below, the link, this link, link in bio, in my bio",
            r"(?:click (?:here|(?:on )?(?:the|this) link|below)|link in (?:my )?bio)",
            0.3,
        ),
        (
            "act now, limited time, hurry up, offer expires, spot left, spots left",
            r"(?:act now|limited time(?: offer)?|hurry up|offer expires|spots? left)",
            0.25,
        ),
        (
            "verify your, confirm your, update your, unlock your",
            r"(?:verify|confirm|update|unlock) your "
            r"(?:account|identity|password|bank|card|wallet)",
            0.55,
        ),
        (
            "seed phrase, private key, recovery phrase, send me your",
            r"(?:seed phrase|private key|recovery phrase|"
            r"send me your (?:password|pin|card))",
            0.6,
        ),
        (
            "earn, make, making",
            r"(?:earn|earning|make|making) (?:up to )?[$\u20ac\u00a3]? ?\d[\d,.]*k?"
            r"[$\u20ac\u00a3]? ?(?:dollars |usd |euros )?(?:a|per|every|each|/) ?"
            r"(?:day|week|hour|month)",
            0.6,
        ),
        (
            "work from home, own boss, financial freedom, passive income, get rich",
            r"(?:work from home|be your own boss|financial freedom|"
            r"passive income|get rich)",
            0.3,
        ),
        (
            "dm me, dm us, dm him, dm her, text me, text us, text him, text her, message me, "
            "message us, message him, message her, contact me, contact us, contact him, "
            "contact her, whatsapp, telegram",
            r"(?:dm|text|message|contact|whatsapp|"
            r"telegram) (?:me|us|him|her) (?:on|at|for|to|now|@|\+)",
            0.3,
        ),
        (
            "crypto, bitcoin, forex, btc, usdt, nft",
            r"(?:crypto|bitcoin|forex|btc|usdt|nft) (?:giveaway|"
            r"signals?|trader|expert|mentor|recovery|airdrop)",
            0.55,
        ),
        (
            "nigerian prince, inheritance fund, lottery winner, advance fee, processing fee",
            r"(?:nigerian prince|inheritance fund|"
            r"lottery winner|advance fee|processing fee)",
            0.6,
        ),
        (
            "viagra, cialis, buy followers, cheap followers, buy likes, cheap likes, buy views, "
            "cheap views, buy meds, cheap meds, buy pills, cheap pills, buy replica, "
            "cheap replica",
            r"(?:cheap|buy) (?:viagra|cialis|followers|likes|views|meds|pills|replica)",
            0.7,
        ),
        (
            "no credit check, instant loan, loan approved, debt relief, lose 0, lose 1, lose 2, "
            "lose 3, lose 4, lose 5, lose 6, lose 7, lose 8, lose 9",
            r"(?:no credit check|instant loan|loan approved|debt relief|"
            r"lose \d+ (?:kg|pounds|lbs))",
            0.5,
        ),
    ),
    "rumour": (
        (
            "share before, share this before, repost before, repost this before, forward before, "
            "forward this before, spread before, spread this before, retweet before, "
            "retweet this before",
            r"(?:share|repost|forward|spread|retweet) (?:this )?before "
            r"(?:it|this|they)(?:'s| is| gets?)? (?:delet|remov|tak)",
            0.8,
        ),
        (
            "you to know, us to know, tell you, show you, t report, not report, never report",
            r"(?:they|the government|the media|big pharma|doctors|msm|"
            r"the elites?) (?:don't|do not|doesn't|won't|will not|never) "
            r"(?:want (?:you|us) to know|tell you|report|show you)",
            0.7,
        ),
        (
            "doctors hate, miracle cure, secret cure, re hiding, cure cancer, cure covid, "
            "cure diabetes, cure everything, cures cancer, cures covid, cures diabetes, "
            "cures everything",
            r"(?:doctors hate|(?:miracle|secret) cure|what they(?:'re| are) "
            r"hiding|cures? (?:cancer|covid|diabetes|everything))",
            0.6,
        ),
        (
            "wake up people, wake up america, sheeple, plandemic, chemtrails, microchip, 5g, "
            "crisis actor, false flag, new world order",
            r"(?:wake up (?:people|sheeple|america)|sheeple|plandemic|chemtrails|microchips? in|"
            r"5g (?:towers? )?(?:causes?|kills?|spreads?)|crisis actors?|false flag|"
            r"new world order)",
            0.6,
        ),
        (
            "forwarded as, to everyone, unconfirmed, rumor has it, rumour has it, i heard that, "
            "a friend that, insider told, insider says, insider claims, 100% true, 100% real, "
            "100% proof, 100% proven",
            r"(?:forwarded as received|forward(?:ed)? (?:this )?to everyone|unconfirmed|"
            r"rumou?r has it|i heard (?:from a friend )?that|insider (?:told|says|claims)|"
            r"100% (?:true|real|proof|proven))",
            0.3,
        ),
        (
            "truth is being, exposed, cover up, cover-up, coverup, hoax",
            r"(?:truth is being hidden|exposed|cover[ -]?up|hoax)",
            0.2,
        ),
    ),
}

CHINESE: Mapping[str, tuple[tuple[str, float], ...]] = {
    "insult": (
        (
            "傻逼|煞笔|傻屄|操你|草泥马|肏|他妈的|滚蛋|滚开|贱人|婊子|王八蛋|混蛋|狗娘养|脑残|智障|弱智|废物|人渣"
            "|败类|畜生|杂种|狗东西|死胖子|蠢货|蠢猪|白痴|不要脸",
            0.7,
        ),
        ("(?:你|你们|妳)(?:真|就|都|也|这)?是?(?:个|群)?(?:猪|狗|垃圾|傻子|笨蛋|小丑|骗子)", 0.6),
    ),
    "threat": (
        (
            "杀了你|弄死你|打死你|砍死你|捅死你|宰了你|干掉你|要你的命|让你死|不得好死|去死|找人弄你|炸了你"
            "|烧了你家|打断你的?腿|知道你(?:家)?住哪",
            0.85,
        ),
        ("走着瞧|给我等着|小心点你|别让我(?:看到|遇到)你", 0.5),
    ),
    "scam": (
        (
            "稳赚不赔|日赚|日入|月入过?万|躺赚|刷单|兼职日结|高额返利|秒批|无抵押贷款|包赚|中奖了|领取奖金"
            "|带你赚钱|博彩|代开发票|办证|套现|杀猪盘|充值返",
            0.7,
        ),
        (
            "加我?(?:微信|薇信|v信|vx|qq)|扫码|点击链接|私聊我|私信我|低价出售|免费领取?|限时|名额有限",
            0.35,
        ),
    ),
    "rumour": (
        (
            "紧急扩散|速转|快转|赶紧转|马上被?删|不转不是中国人|告诉身边的人|央视已?曝光|专家不敢说|真相被掩盖"
            "|医院不敢说|千万别吃",
            0.6,
        ),
        ("据说|听说|网传|有人说|内部人士|未经证实|小道消息|震惊|惊天|出大事了", 0.3),
    ),
}
