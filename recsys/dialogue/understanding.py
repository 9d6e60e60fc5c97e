"""Understanding: a message to commands, by the learned model, else by patterns and classifier."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from recsys.dialogue.alternatives import each, with_enumerations
from recsys.dialogue.clause_commands import (
    LANGUAGES,
    by_pattern,
    patterns_of,
    starts_command,
)
from recsys.dialogue.commands import (
    MOST,
    Around,
    CannotDo,
    Command,
    Find,
    Handoff,
    Help,
    Show,
    Steer,
    Target,
    Why,
)
from recsys.dialogue.comparable_fields import years_of
from recsys.dialogue.corrections import correction
from recsys.dialogue.english.rule_set import ENGLISH
from recsys.dialogue.followees import with_followees
from recsys.dialogue.intent_classifier import IntentClassifier, shipped_classifier
from recsys.dialogue.intent_commands import is_noun, of_intent
from recsys.dialogue.keyword_spelling import corrected
from recsys.dialogue.learned_choice import (
    LEAST,
    enumerates,
    fits_patterns,
    has_limit,
    has_order,
    is_left_to_patterns,
    is_special,
    limits_only,
    says_more,
)
from recsys.dialogue.learned_commands import learned_commands
from recsys.dialogue.learned_model import shipped_model
from recsys.dialogue.length_limits import without_length
from recsys.dialogue.limited_commands import (
    limited,
    mentions_followees,
    names_anything,
    what_followees_wrote,
    with_their_items,
)
from recsys.dialogue.long_subjects import too_long, with_labels
from recsys.dialogue.merged_commands import Guess, Understood, merged
from recsys.dialogue.message_text import Message, is_han
from recsys.dialogue.periods import without_period

LONGEST_CLAUSE = 240  # signs of a clause that is read
_AND = re.compile(r"\s(?:and|but|then|also|plus)\s")
_HAN_WISH = re.compile(r"^(?:请|给我|能不能|可以)?(?:多|少|别|不要)")
_HAN_AND = re.compile(
    r"(?<=..)(?=(?:多|少)(?:来|推荐?|给我|放|看|听|读)?(?:一?点|一?些)(?!$|的?吧?$|了$))"
)
_NOISE = re.compile(r"^(?:[啊哦呃嗯嘟哈呵阿巴吧呀呢了的]+|[^\w]*)$")


class Understanding(Protocol):
    """What turns messages into commands; see `recsys.dialogue.commands`."""

    def understand(self, message: Message, known: Callable[[str], bool]) -> Understood:
        """Return the commands of a message. `known`: whether items have a label or words."""


def nothing_known(words: str) -> bool:
    """Return False: without a catalogue no word is known."""
    return False


class PatternUnderstanding:
    """The learned model; what is left to patterns of English and Chinese is read by these, then
    by the intent classifier where none fits.
    """

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
        for language in LANGUAGES:
            handoff = language.guards.safety(message.plain)
            if handoff is not None:
                return Understood((handoff,))
        own = patterns_of(message.plain).guards
        if found := ENGLISH.guards.whole(message.plain) or own.whole(message.plain):
            return self._beside(found, message)
        understood = self._learned(message, known)
        if understood is None:
            understood = self._by_patterns(message, known)
        return replace(understood, too_many=understood.too_many + message.left_out)

    def _beside(self, found: tuple[Command, ...], message: Message) -> Understood:
        """Return what a message is read as whole; beside a hand-over, what else it asks."""
        if found == (Handoff("person"),) and self._classifier is None and not message.cut:
            learned = learned_commands(message.typed, shipped_model())
            if learned is not None and learned.chance >= LEAST:
                if any(isinstance(one, Handoff) for one in learned.understood.commands):
                    return learned.understood
        return Understood(found)

    def _by_patterns(self, message: Message, known: Callable[[str], bool]) -> Understood:
        return merged(self._clauses(message, known), _profile_wide(message))

    def _learned(self, message: Message, known: Callable[[str], bool]) -> Understood | None:
        """Return the commands by the learned model; None: the message is left to patterns."""
        if self._classifier is not None or message.foreign or message.left_out or message.cut:
            return None
        if len(message.plain) > LONGEST_CLAUSE or known(message.plain):
            return None
        if is_left_to_patterns(message):
            return None
        if enumerates(message, with_enumerations(message.clauses, _is_bare)):
            return None
        fitted = fits_patterns(message)
        understood = None
        if fitted or has_limit(message) or has_order(message):
            understood = self._by_patterns(message, known)
            special = fitted and is_special(message, understood.commands)
            if special or limits_only(understood.commands) or has_order(message):
                return understood
        learned = learned_commands(message.typed, shipped_model())
        if learned is None or learned.chance < LEAST:
            return None
        told = learned.understood.commands
        if any(map(too_long, told)):
            return None
        if fitted and understood is not None and says_more(message, understood.commands, told):
            return understood
        return learned.understood

    def _clauses(self, message: Message, known: Callable[[str], bool]) -> list[tuple[Command, ...]]:
        if len(message.clauses) > 1:
            if joined := _joined(message) or correction(message.clauses):
                return [joined]
        found = []
        for words in with_enumerations(message.clauses, _is_bare):
            found.extend(self._parts(words, known))
        return found

    def _parts(self, words: str, known: Callable[[str], bool]) -> list[tuple[Command, ...]]:
        """Return the commands of a clause, those of its limits of length and of followees apart."""
        if len(words) > LONGEST_CLAUSE:
            return self._plain_parts(words, known)
        clause = with_followees(words)
        rest, length = without_length(clause)
        if length and (
            made := limited(rest, Target(length), lambda one: self._plain_parts(one, known))
        ):
            return [made]
        if asked := what_followees_wrote(clause):
            return [asked]
        if clause != words:
            made_so = self._plain_parts(clause, known)
            if any(map(mentions_followees, (one for part in made_so for one in part))):
                return made_so
        return self._plain_parts(words, known)

    def _plain_parts(self, words: str, known: Callable[[str], bool]) -> list[tuple[Command, ...]]:
        """Return the commands of a clause, or of its parts around "and" where all are commands."""
        if not is_han(words) and len(words) <= LONGEST_CLAUSE:
            words = corrected(words, known)
            parts = _AND.split(words)
            if 1 < len(parts) <= MOST + 1 and all(map(starts_command, parts[1:])):
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
            language = patterns_of(words)
            loose = language.loosely(language.without_scope(words)[1])
            if isinstance(loose, Around | Help | Show | Why):  # a question that is about lists
                made = (loose,)
        made = made or self._without_pattern(words, known)
        made = tuple(part for one in made for part in _with_years(one))
        made = each([part for one in made for part in with_their_items(one)], known)
        return with_labels(words, made, known) if any(map(too_long, made)) else made

    def _within(
        self, rest: str, period: Target, known: Callable[[str], bool]
    ) -> tuple[Command, ...]:
        """Return the commands of a clause that ends with a period; empty: it limits nothing."""
        if not rest or names_anything(rest):
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
            elif isinstance(one, Steer) and names_anything(one.target.words):
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
        language = patterns_of(words)
        scope, bare = language.without_scope(words)
        if not bare:
            return ()
        if (loose := patterns_of(bare).loosely(bare)) is not None:
            return (
                replace(loose, scope="profile") if scope and isinstance(loose, Steer) else loose,
            )
        intent, chance = self.classifier.intent(words)
        if chance < self.classifier.threshold or _NOISE.match(words):
            intent = ""
        is_subject = is_noun(words, known) and not _EXPLAINED.match(words)
        if intent in ("", "find", "outside") and is_subject:
            if intent != "outside" or chance < SURE_OUTSIDE:
                return (Guess(language.finding(words)),)
        made = of_intent(intent, words) if intent else None
        if isinstance(made, Find) and made.words and _STATEMENT.match(words):
            made = Guess(made.words)  # "my kid is watching" explains another wish
        return (made or CannotDo("unknown", words),)


def _is_bare(clause: str) -> bool:
    """Whether a clause is no command of its own, so that it may be one of several subjects."""
    return not (starts_command(clause) or by_pattern(clause) or without_length(clause)[1])


_STATEMENT = re.compile(
    r"^(?:(?:my|our|his|her|their|the|this|it|we|he|she|they|i|everyone|somebody|nobody) .*\b(?:is|"
    r"are|am|was|were|has|have|had|got|will|wants?|needs?|likes?|hates?|gets?|cant|doesnt|dont)\b|"
    r"(?:im|ive|its|theyre|hes|shes|theres|thats|this is|that is) )"
)
_EXPLAINED = re.compile(r"^(?:thats|that is|this is|its|it is|theyre|these are|those are) ")
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


SURE_OUTSIDE = 0.9  # probability from which words that may be searched for are outside all the same


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


def _profile_wide(message: Message) -> bool:
    """Whether a clause says nothing but that the message is meant for ever: "permanently"."""
    return any(
        one.scope.fullmatch(words + " ") or one.scope.fullmatch(words)
        for words in message.clauses
        for one in LANGUAGES
    )
