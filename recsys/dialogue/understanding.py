"""Understanding: a message to commands, by patterns, then by the intent classifier."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from recsys.dialogue import chinese_patterns, english_patterns
from recsys.dialogue.commands import (
    MOST,
    Around,
    CannotDo,
    Command,
    Find,
    Handoff,
    Help,
    Show,
    Smalltalk,
    Steer,
    Target,
    Undo,
    Why,
)
from recsys.dialogue.intent_classifier import IntentClassifier, shipped_classifier
from recsys.dialogue.item_fields import years_of
from recsys.dialogue.item_questions import item_question
from recsys.dialogue.keyword_spelling import corrected
from recsys.dialogue.loose_patterns import loosely
from recsys.dialogue.message_text import Message, is_han
from recsys.dialogue.periods import without_period
from recsys.dialogue.remaining_words import remaining_words
from recsys.text.language.english_word_share import listed

LONGEST_CLAUSE = 240  # signs of a clause that is read
LONGEST_SUBJECT, LONGEST_HAN_SUBJECT = 60, 16  # signs of what a clause is about
MOST_NAMED = 3  # labels that are looked for in a clause with a longer subject
LONGEST_LABEL, LONGEST_HAN_LABEL = 3, 4  # words, or Han signs, of such labels
LONGEST_NOUN = 6  # words of a clause that may be nothing but what is searched for
LONGEST_HAN_NOUN = 10  # signs of such a clause
_AND = re.compile(r"\s(?:and|but|then|also|plus)\s")
_HAN_WISH = re.compile(r"^(?:请|给我|能不能|可以)?(?:多|少|别|不要)")
_HAN_AND = re.compile(
    r"(?<=..)(?=(?:多|少)(?:来|推荐?|给我|放|看|听|读)?(?:一?点|一?些)(?!$|的?吧?$|了$))"
)
_NOISE = re.compile(r"^(?:[啊哦呃嗯嘟哈呵阿巴吧呀呢了的]+|[^\w]*)$")


@dataclass(frozen=True, slots=True)
class Understood:
    """The commands of a message, at most MOST, and what was left out."""

    commands: tuple[Command, ...]
    too_many: int = 0  # commands left out
    contradicted: tuple[Steer, ...] = ()  # earlier wishes about the same, which do not hold


@dataclass(frozen=True, slots=True)
class Guess(Find):
    """Words that name no command: searched for where a message says nothing else."""


class Understanding(Protocol):
    """What turns messages into commands; see `recsys.dialogue.commands`."""

    def understand(self, message: Message, known: Callable[[str], bool]) -> Understood:
        """Return the commands of a message. `known`: whether items have a label or words."""


def nothing_known(words: str) -> bool:
    """Return False: without a catalogue no word is known."""
    return False


class PatternUnderstanding:
    """Patterns of English and Chinese, then the intent classifier where none fits."""

    def __init__(self, classifier: IntentClassifier | None = None) -> None:
        self._classifier = classifier

    @property
    def classifier(self) -> IntentClassifier:
        """The classifier in use; that of the package is read with the first clause it is for."""
        return self._classifier or shipped_classifier()

    def understand(
        self, message: Message, known: Callable[[str], bool] = nothing_known
    ) -> Understood:
        """Return the commands of a message; see Understanding."""
        if not any(map(str.isalnum, message.typed)):
            return Understood((CannotDo("empty"),))
        for module in (english_patterns, chinese_patterns):
            handoff = module.safety(message.plain)
            if handoff is not None:
                return Understood((handoff,))
        han = is_han(message.plain)
        module = chinese_patterns if han else english_patterns
        if found := english_patterns.whole(message.plain) or module.whole(message.plain):
            return Understood(found)
        return merged(self._clauses(message, known), _profile_wide(message))

    def _clauses(self, message: Message, known: Callable[[str], bool]) -> list[tuple[Command, ...]]:
        if len(message.clauses) > 1 and (joined := _joined(message)):
            return [joined]
        found = []
        for words in message.clauses:
            found.extend(self._parts(words, known))
        return found

    def _parts(self, words: str, known: Callable[[str], bool]) -> list[tuple[Command, ...]]:
        """Return the commands of a clause, or of its parts around "and" where all are commands."""
        if not is_han(words) and len(words) <= LONGEST_CLAUSE:
            words = corrected(words, known)
            parts = _AND.split(words)
            if 1 < len(parts) <= MOST + 1 and all(map(_starts_command, parts[1:])):
                several = [by_pattern(part) for part in parts]
                if all(several):
                    return several
        parts = _HAN_AND.split(words) if _HAN_WISH.match(words) else [words]
        if 1 < len(parts) <= MOST:
            several = [by_pattern(part) for part in parts]
            if all(several):
                return several
        rest, period = without_period(words) if len(words) <= LONGEST_CLAUSE else (words, "")
        if period and (within := self._within(rest, Target(period), known)):
            return [within]
        return [self._commands(words, known)]

    def _commands(self, words: str, known: Callable[[str], bool]) -> tuple[Command, ...]:
        """Return the commands of a clause by patterns, else by the classifier."""
        if len(words) > LONGEST_CLAUSE:  # no wish is that long
            return (CannotDo("unknown", words[:LONGEST_CLAUSE]),)
        made = by_pattern(words)
        if made and isinstance(made[0], CannotDo) and made[0].what == "outside":
            loose = loosely(_without_scope(words)[1])
            if isinstance(loose, Around | Help | Show | Why):  # a question that is about lists
                made = (loose,)
        made = made or self._without_pattern(words, known)
        made = tuple(part for one in made for part in _with_years(one))
        return _with_labels(words, made, known) if any(map(_too_long, made)) else made

    def _within(
        self, rest: str, period: Target, known: Callable[[str], bool]
    ) -> tuple[Command, ...]:
        """Return the commands of a clause that ends with a period; empty: it limits nothing."""
        if not rest or _ANYTHING.fullmatch(rest):
            asked = by_pattern(
                f"{period.words}{rest}" if is_han(rest) else f"{rest} {period.words}"
            )
            if any(isinstance(one, Around) for one in asked):  # "any news today"
                return ()
            return (Find(within=period),)
        made: list[Command] = []
        for one in self._commands(rest, known):
            if isinstance(one, Find) and one.like is None:
                made.append(replace(one, within=period))
            elif isinstance(one, Show) and one.what == "more":
                made.append(Find(within=period))
            elif isinstance(one, Steer) and _ANYTHING.fullmatch(one.target.words):
                made.append(replace(one, target=period))
            elif isinstance(one, Steer) and one.action == "more" and one.scope != "profile":
                made.append(Find(one.target.words, within=period))
            elif isinstance(one, Steer) and one.action == "only":
                made += [one, Steer("only", period)]
            elif isinstance(one, Steer) and made and isinstance(made[-1], Find):
                made.append(one)
            elif isinstance(one, Around) and one.subject is not None:
                made.append(one)
            else:
                return ()
        return tuple(made)

    def _without_pattern(self, words: str, known: Callable[[str], bool]) -> tuple[Command, ...]:
        if known(words):
            return (Guess(words),)
        scope, bare = _without_scope(words)
        if not bare:
            return ()
        if (loose := loosely(bare)) is not None:
            return (
                replace(loose, scope="profile") if scope and isinstance(loose, Steer) else loose,
            )
        intent, chance = self.classifier.intent(words)
        if chance < self.classifier.threshold or _NOISE.match(words):
            intent = ""
        if intent in ("", "find", "outside") and _is_noun(words, known):
            if intent != "outside" or chance < SURE_OUTSIDE:
                return (Guess(_find_words(words)),)
        made = _of_intent(intent, words) if intent else None
        return (made or CannotDo("unknown", words),)


_ANYTHING = re.compile(
    r"(?:(?:show|give|find|get) (?:me )?|i want |any |some |more |the |all |only |just )*"
    r"(?:something|anything|everything|stuff|things?|posts?|articles?|items?|threads?|content|news|videos?|ones|"
    r"whats new|what is new|whats there)|"
    r"(?:给我|看看?|来|找|推荐|有|没有|什么|些|点|只看|只要|要|想)*"
    r"(?:内容|文章|帖子|东西|新闻|视频|的|新的)?"
)


_YEARS_LAST = re.compile(r"^(?P<words>.+?) (?:from|of|in) (?P<years>(?:the )?[\w ]{2,20})$")
_HAN_YEARS_FIRST = re.compile(r"^(?P<years>.{2,5}年代)的?(?P<words>.+)$")


def _with_years(command: Command) -> tuple[Command, ...]:
    """Return a command whose words name years as well as two wishes: "comedies from the 90s"."""
    if isinstance(command, Steer) and command.action == "only":
        words = command.target.words
    elif isinstance(command, Find) and command.within is None:
        words = command.words
    else:
        return (command,)
    found = (_HAN_YEARS_FIRST if is_han(words) else _YEARS_LAST).match(words)
    if found is None or years_of(found["years"]) is None:
        return (command,)
    years = Target(found["years"])
    if isinstance(command, Steer):
        about = replace(command, target=Target(found["words"]))
        return about, replace(command, target=years)
    return (replace(command, words=found["words"], within=years),)


def _too_long(command: Command) -> bool:
    """Whether what a command is about is longer than names are."""
    words = ""
    if isinstance(command, Steer):
        words = command.target.words
    elif isinstance(command, Find):
        words = command.words or (command.like.words if command.like else "")
    elif isinstance(command, Around) and command.subject is not None:
        words = command.subject.words
    elif isinstance(command, CannotDo) and command.what == "unknown":
        words = command.words
    return len(words) > (LONGEST_HAN_SUBJECT if is_han(words) else LONGEST_SUBJECT)


def _with_labels(
    words: str, made: Sequence[Command], known: Callable[[str], bool]
) -> tuple[Command, ...]:
    """Return commands about the labels with which long subjects begin.

    Where there are none, the first label of the clause is searched for; without any, the clause is
    unknown.
    """
    found: list[Command] = []
    for one in made:
        if not _too_long(one):
            found.append(one)
        elif isinstance(one, Steer):
            labels = named_in(_head(one.target.words), known)
            found += [replace(one, target=Target(label)) for label in labels]
        elif isinstance(one, Around) and one.subject is not None:
            found += [
                Around(Target(label)) for label in named_in(_head(one.subject.words), known)[:1]
            ]
    if not found:
        found += [Find(label) for label in named_in(words, known)[:1]]
    return tuple(found) or (CannotDo("unknown", words),)


def _head(subject: str) -> str:
    """Return the beginning of a subject, as long as subjects are."""
    return subject[: LONGEST_HAN_SUBJECT if is_han(subject) else LONGEST_SUBJECT]


def named_in(words: str, known: Callable[[str], bool]) -> list[str]:
    """Return the first labels that stand in a clause, the longest of those at a place."""
    han = is_han(words)
    parts = list(words) if han else words.split()
    found: list[str] = []
    at = 0
    while at < len(parts) and len(found) < MOST_NAMED:
        for size in range(LONGEST_HAN_LABEL if han else LONGEST_LABEL, 1 if han else 0, -1):
            label = ("" if han else " ").join(parts[at : at + size])
            if at + size <= len(parts) and known(label):
                found.append(label)
                at += size - 1
                break
        at += 1
    return list(dict.fromkeys(found))


def _without_scope(words: str) -> tuple[bool, str]:
    """Return whether a clause is meant for ever, and its words without those that say so."""
    module = chinese_patterns if is_han(words) else english_patterns
    scope = module.PROFILE.search(words + " ") is not None
    return scope, module.stripped(module.PROFILE.sub("", words + " ").strip() if scope else words)


SURE_OUTSIDE = 0.9  # probability from which words that may be searched for are outside all the same


def by_pattern(words: str) -> tuple[Command, ...]:
    """Return the commands of a clause by the patterns of its language; empty: none fits."""
    if (question := item_question(words)) is not None:
        return (question,)
    if not is_han(words):
        return english_patterns.clause(words)
    if _starts_command(words):  # "less 政治 please"
        return english_patterns.clause(words) or chinese_patterns.clause(words)
    return chinese_patterns.clause(words)


def _joined(message: Message) -> tuple[Command, ...]:
    """Return the command of a message whose clauses are one sentence, such as "like X, but Y"."""
    whole = message.plain
    if len(whole) > LONGEST_CLAUSE:
        return ()
    if not is_han(whole):
        whole = corrected(whole)
        made = by_pattern(whole) if len(message.clauses) == 2 else ()
    else:
        made = (
            by_pattern("，".join(message.clauses).replace("，", ""))
            if len(message.clauses) == 2
            else ()
        )
    if len(made) == 1 and isinstance(made[0], Find) and made[0].like is not None:
        own = [by_pattern(part) for part in message.clauses]
        separate = [one for part in own for one in part]
        if any(isinstance(one, Steer) and one.action in ("less", "mute") for one in separate):
            return ()
        return made
    return ()


_STARTS = re.compile(
    r"^(?:more|less|fewer|no|not|only|just|hide|mute|block|show|stop|never|find|recommend|undo|why|what|how|"
    r"give|remove|dont|also|please|i|get|play|newer|older|shorter|longer|lighter|darker|too|something|anything|without|ban|skip)\b"
)


def _starts_command(words: str) -> bool:
    return _STARTS.match(words) is not None


def _profile_wide(message: Message) -> bool:
    """Whether a clause says nothing but that the message is meant for ever: "permanently"."""
    return any(
        pattern.fullmatch(words + " ") or pattern.fullmatch(words)
        for words in message.clauses
        for pattern in (english_patterns.PROFILE, chinese_patterns.PROFILE)
    )


def merged(parts: Sequence[Sequence[Command]], profile: bool = False) -> Understood:
    """Return the commands of clauses as those of one message.

    "It" and "that" stand for what the clause before was about; repetitions, small talk beside
    commands and clauses without a command are left out; of contradictions the last wins.
    """
    found: list[Command] = []
    for one in (command for part in parts for command in part):
        _add(found, one)
    telling = [one for one in found if not isinstance(one, Smalltalk | CannotDo)]
    if not all(isinstance(one, Guess) for one in telling):
        telling = [one for one in telling if not isinstance(one, Guess)]
    telling = [
        Find(one.words, within=one.within) if isinstance(one, Guess) else one for one in telling
    ]
    impossible = [
        one for one in found if isinstance(one, CannotDo) and one.what not in ("unknown", "empty")
    ]
    kept = telling or impossible[:1] or _best_of_rest(found)
    if profile:
        kept = [replace(one, scope="profile") if isinstance(one, Steer) else one for one in kept]
    kept, contradicted = _without_contradictions(kept)
    if not kept:
        kept = [CannotDo("empty")]
    return Understood(tuple(kept[:MOST]), max(len(kept) - MOST, 0), tuple(contradicted))


def _best_of_rest(found: Sequence[Command]) -> list[Command]:
    """Return small talk, the one that matters most; else what is not understood."""
    small = [one for one in found if isinstance(one, Smalltalk)]
    small.sort(key=lambda one: _WEIGHT.get(one.what, 1))
    return list(small[:1] or found[:1])


_WEIGHT = {"complaint": 0, "self": 0, "agreement": 2}


def _add(found: list[Command], one: Command) -> None:
    before = found[-1] if found else None
    if one == before:
        return
    subject = _subject_of(before)
    if isinstance(one, Steer) and one.target.words == "this" and subject is not None:
        if isinstance(before, Steer) and before.target.words == "this":
            return
        found[-1] = replace(one, target=subject)
        if isinstance(before, Steer) and before.scope == "profile":
            found[-1] = replace(one, target=subject, scope="profile")
        return
    if isinstance(one, Show) and one.what == "more" and isinstance(before, Steer):
        return  # "I love chess, more of it"
    if isinstance(one, Show) and one.what == "more" and isinstance(before, Guess):
        found[-1] = Steer("more", Target(before.words))  # "Poems! More!"
        return
    if isinstance(one, Find) and isinstance(before, Find):
        if not one.words and one.like is None and (before.like is not None or before.words):
            than = tuple(dict.fromkeys((*before.than, *one.than)))
            found[-1] = replace(before, than=than)
            return
        if not before.words and before.like is None:
            than = tuple(dict.fromkeys((*before.than, *one.than)))
            found[-1] = replace(one, than=than)
            return
    if isinstance(one, Find) and one.like == Target("this") and isinstance(before, Steer):
        if before.action == "more" and not one.than:
            found[-1] = Find(like=before.target)
            return
    if isinstance(one, Undo | Help | Handoff | Why) and type(before) is type(one):
        if not isinstance(one, Why) or one.item is None:
            return
    found.append(one)


def _subject_of(command: Command | None) -> Target | None:
    if isinstance(command, Steer):
        return command.target
    if isinstance(command, Find) and command.words:
        return command.target or Target(command.words)
    if isinstance(command, Around):
        return command.subject
    return None


def _without_contradictions(
    commands: Sequence[Command],
) -> tuple[list[Command], list[Steer]]:
    last: dict[str, int] = {}
    for place, one in enumerate(commands):
        if isinstance(one, Steer) and one.action != "forget":
            last[one.target.words] = place
    kept, lost = [], []
    for place, one in enumerate(commands):
        if isinstance(one, Steer) and last.get(one.target.words, place) != place:
            later = commands[last[one.target.words]]
            if later != one:
                lost.append(one)
            continue
        kept.append(one)
    return kept, lost


def _is_noun(words: str, known: Callable[[str], bool]) -> bool:
    """Whether words may be nothing but what is searched for."""
    if is_han(words):
        return 2 <= len(words) <= LONGEST_HAN_NOUN and not _HAN_VERBS.search(words)
    parts = words.split()
    if not 0 < len(parts) <= LONGEST_NOUN or _VERBS.search(words):
        return False
    return any(known(part) for part in parts) or bool(listed(parts).mean() >= 0.5)


_VERBS = re.compile(
    r"\b(?:i|you|we|they|he|she|my|your|is|are|am|was|were|do|does|did|can|could|will|would|should|"
    r"have|has|had|im|youre|dont|cant|wont|isnt|me|who|what|when|where|why|how)\b"
)
_HAN_VERBS = re.compile(
    r"[我你您他她吗呢吧啊]|怎么|什么|为什么|哪|谁|多少|几点|帮|请|^(?:是|在|会|能|可以)"
)


def _find_words(words: str) -> str:
    if is_han(words):
        return chinese_patterns.finding(words)
    return english_patterns.finding(words)


def _of_intent(intent: str, words: str) -> Command | None:
    """Return the command of an intent; None where the words name nothing that it needs."""
    rest = remaining_words(intent, words)
    name, _, detail = intent.partition(".")
    if name == "steer":
        if not rest:
            return None
        target = (chinese_patterns if is_han(rest) else english_patterns).target(rest)
        return Steer(detail, target)  # type: ignore[arg-type]
    if name == "show":
        return Show(detail)  # type: ignore[arg-type]
    made: dict[str, Callable[[], Command]] = {
        "find": lambda: Find(rest),
        "like": lambda: Find(like=Target(rest or "this")),
        "why": lambda: Why(Target("this")),
        "around": lambda: Around(Target(rest) if rest else None),
        "help": lambda: Help(words),
        "undo": Undo,
        "smalltalk": lambda: Smalltalk("agreement"),
        "handoff": lambda: Handoff("person"),
        "outside": lambda: CannotDo("outside", words),
    }
    return made[name]()
