"""Acting: commands carried out on lists, profile controls, trends and help texts, to facts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

import numpy as np

from recsys.array_types import Rows
from recsys.dialogue.commands import (
    MOST_OPTIONS,
    Around,
    CannotDo,
    Clarify,
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
from recsys.dialogue.conversation import Conversation, Critique
from recsys.dialogue.conversation_list import ConversationList, Listed, target_mask
from recsys.dialogue.facts import Fact
from recsys.dialogue.item_facts import ItemFacts
from recsys.dialogue.label_linking import LabelIndex, Linked
from recsys.dialogue.message_text import Message
from recsys.dialogue.search_words import SearchWords, search_words, split_count, without_noun
from recsys.dialogue.statements import Answer, Statement, Undoing, Value
from recsys.dialogue.understanding import Understood
from recsys.errors import DataError
from recsys.explain.user_profile import interests
from recsys.i18n import translate
from recsys.personal_list import ListRequest, UserState, query_of
from recsys.ranking import nonpersonal_lists, user_controls
from recsys.ranking.candidates import candidates
from recsys.ranking.gbdt_rerank import POOL
from recsys.ranking.query import Filters, Query, Recommendation
from recsys.recommender import Recommender
from recsys.store.user_controls import Control, Wish

LENGTH = 5  # items of a list, unless asked otherwise
MOST_INTERESTS = 5
AUTHOR_OF = "author of "  # begins the words of a target that is the author of an item
MOST_MEANT = 5  # items with words of which one is meant, so that somebody is asked which
_WISHED = {"more": "boost", "less": "less", "mute": "mute", "forget": "forget"}
_CONTROLLED = ("topic", "author", "category", "tag", "words", "item")  # kinds of profile controls
_ACTIONS = {
    "only": "Only {target}.",
    "more": "More {target}.",
    "less": "Less {target}.",
    "mute": "Without {target}.",
}
_PROFILE_ACTIONS = {
    "more": "From now on more {target}.",
    "less": "From now on less {target}.",
    "mute": "From now on without {target}.",
    "forget": "What you did with {target} until now no longer counts.",
}
_THAN = {
    "shorter": "Shorter ones.",
    "longer": "Longer ones.",
    "newer": "Newer ones.",
    "older": "Older ones.",
    "lighter": "Lighter ones, by the tone of their words.",
    "darker": "Darker ones, by the tone of their words.",
    "more_known": "Better known ones.",
    "less_known": "Less known ones.",
    "cheaper": "Cheaper ones.",
    "dearer": "More expensive ones.",
    "better_rated": "Better rated ones.",
}
_FIELDS = {
    "length": "length",
    "year": "date",
    "popularity": "popularity",
    "price": "price",
    "rating": "rating",
    "tone": "tone",
}
_SMALL = {
    "greeting": "Hello! Tell me what you would like to see more or less of, or what to find.",
    "thanks": "You are welcome.",
    "farewell": "Goodbye.",
    "agreement": "All right. You can ask for more, for something else, or why something is listed.",
    "praise": "Good to know. Say “more like this” for similar ones.",
    "complaint": "Tell me what is wrong: “less …”, “no more …” and “why this?” work.",
    "self": "This is the service's assistant, a program: it lists, explains and changes what you"
    " are recommended.",
}
_IMPOSSIBLE = {
    "unknown": "I did not understand that. You can say “less politics”, “something like … but"
    " shorter”, “why this?” or “undo”.",
    "outside": "I cannot do that here: I find, explain and change what you are recommended.",
    "another_user": "I can only talk about your own lists, not about those of other people.",
    "instructions": "I follow wishes about your lists only.",
    "empty": "There were no words in that. What would you like to see?",
}


class Passage(NamedTuple):
    """A passage of the platform's help texts."""

    title: str
    text: str
    url: str = ""


class DialogueService(Protocol):
    """What commands are carried out on."""

    recommender: Recommender
    user: UserState
    repeat_categories: frozenset[str]
    reads_profile: bool  # whether the caller may read the profile of the user
    writes: bool  # False: a dry run, or nobody's profile; controls are then not stored

    def controls(self, wishes: Sequence[Wish], undo: Sequence[int]) -> list[Control]:
        """Store controls and take some back; return those in force. DataError for impossible."""

    def passages(self, question: str, language: str) -> Sequence[Passage] | None:
        """Return passages that answer a question, the best first; None: no help texts are there."""


@dataclass(slots=True)
class Turn:
    """One turn while its commands are carried out."""

    service: DialogueService
    lists: ConversationList
    labels: LabelIndex
    item_facts: ItemFacts
    conversation: Conversation
    language: str
    ranking: AbstractContextManager[object]  # held while lists are made
    n: int
    fixed: dict[str, str]  # texts of hand-overs
    commands: list[Command] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    items: tuple[Recommendation, ...] = ()
    undo: Undoing | None = None
    options: tuple[str, ...] = ()
    handoff: str = ""
    wants_list: bool = False
    lead: Statement | None = None  # says what the list is about
    further: bool = False  # without what was shown before
    passed_over: bool = False  # the same, unless nothing else is left: it was not what they want

    # commands ---------------------------------------------------------------------------------

    def carry_out(self, command: Command) -> None:
        """Carry out one command."""
        if isinstance(command, Steer):
            self._steer(command)
        elif isinstance(command, Find):
            self._find(command)
        elif isinstance(command, Why):
            self._why(command)
        elif isinstance(command, Around):
            self._around(command)
        elif isinstance(command, Help):
            self._help(command)
        elif isinstance(command, Undo):
            self._undo(command)
        elif isinstance(command, Show):
            self._show(command)
        elif isinstance(command, Handoff):
            self._handoff(command)
        elif isinstance(command, Smalltalk):
            # "sorry" comes before the answer to a complaint, and is enough
            self._done(command, _SMALL[command.what], 0 if command.what == "complaint" else 1)
        elif isinstance(command, CannotDo):
            self._done(command, _IMPOSSIBLE[command.what], 0 if command.what == "unknown" else 1)
        else:
            self._ask(command.words, Linked(options=command.options), command.waiting)

    def _done(self, command: Command, template: str, weight: int = 1, **values: Value) -> None:
        self.commands.append(command)
        self.say(template, weight, **values)

    def say(self, template: str, weight: int = 1, **values: Value) -> None:
        """Add a statement."""
        self.statements.append(Statement(template, values, weight))

    def _steer(self, command: Steer) -> None:
        linked = self._linked(command.target, "steer")
        target = linked.target
        if target is None and command.scope == "profile" and not linked.options:
            if command.action in ("mute", "less") and self._referred(command.target.words) is None:
                target = replace(command.target, kind="words", value=command.target.words)
                self.say("Nothing here is about {words} yet.", words=_fact(target))
        if target is None:
            self._not_linked(command, command.target.words, linked)
            return
        command = replace(command, target=target)
        self.commands.append(command)
        if command.action == "forget" or command.scope == "profile":
            self._steer_profile(command)
        else:
            if command.action == "more" and self.conversation.find != Find():
                self.conversation = replace(self.conversation, find=Find(), shown=())
            critique = Critique(command, reference=self.conversation.listed)
            self.passed_over = True
            self.conversation = self.conversation.with_critique(critique)
            self.undo = Undoing("conversation")
            self.say(_ACTIONS[command.action], target=_fact(command.target))
        self.wants_list = True

    def _steer_profile(self, command: Steer) -> None:
        target = command.target
        action = _WISHED.get(command.action)
        if action is None or target.kind not in _CONTROLLED:
            kept = replace(command, scope="conversation")
            if command.action == "forget":
                self.say(
                    "I cannot forget {target}: it is no topic, author, category, tag or item.",
                    target=_fact(target),
                )
                return
            self.commands[-1] = kept
            self.conversation = self.conversation.with_critique(Critique(kept))
            self.undo = Undoing("conversation")
            self.say(_ACTIONS[command.action], target=_fact(target))
            self.say("It holds for this conversation: no lasting setting is like that.")
            return
        if not self.service.writes:
            self.say(
                "In a dry run, or without an account, nothing is stored: this would be: {wish}",
                wish=Fact("text", f"{action} {target.kind} {target.called}"),
            )
            return
        before = {one.id for one in self.service.user.controls}
        wish = Wish(action, target.kind, target.value or target.words)
        try:
            now = self.service.controls((wish,), ())
        except DataError as error:
            self.say("That could not be stored: {why}.", why=Fact("text", str(error)))
            return
        new = tuple(one.id for one in now if one.id not in before)
        self.service.user = replace(self.service.user, controls=tuple(now))
        self.say(_PROFILE_ACTIONS[command.action], target=_fact(target))
        if new:
            self.conversation = self.conversation.with_controls(new)
            self.undo = Undoing("profile", new)
            self.say("Say “undo” to take it back.", 0)
        else:
            self.say("It was so already.")

    def _find(self, command: Find) -> None:
        like, target = command.like, None
        if like is not None:
            linked = self._linked(like, "item")
            about = self._subject_of_many(like) if linked.target is None else None
            if linked.target is None and about is None:
                self._not_linked(command, like.words, linked)
                return
            like = linked.target
            if about is not None:
                target, command = about, replace(command, words=about.words, like=None)
        elif command.words:
            target, command = self._searched(command)
        if command.within is not None:
            with self.ranking:
                period = self.labels.link(command.within.words, labels_only=True).target
            command = replace(command, within=period)
        of_this_list = (
            not command.words
            and like is None
            and command.within is None
            and not command.count
            and bool(command.than and self.conversation.listed)
        )
        if of_this_list:
            for one in command.than:
                critique = Critique(than=one, reference=self.conversation.listed)
                self.passed_over = True
                self.conversation = self.conversation.with_critique(critique)
            self.undo = Undoing("conversation")
            self.commands.append(command)
        else:
            find = replace(command, like=like, target=target)
            self.conversation = replace(self.conversation, find=find, shown=())
            self.commands.append(find)
        for one in command.than:
            self.say(_THAN[one])
        if not of_this_list:
            self._lead()
        self.wants_list = True

    def _subject_of_many(self, like: Target) -> Target | None:
        """Return the subject that words name where no one item is meant: "rust but newer"."""
        if self._referred(like.words) is not None:
            return None
        with self.ranking:
            target = self.labels.link(like.words).target
            if target is None:
                return None
            live = self.lists.live
            about = target_mask(live, target, self.lists.fields, live.size)
        return target if about.sum() > MOST_MEANT else None

    def _searched(self, command: Find) -> tuple[Target | None, Find]:
        """Return the label that a search is about, if there is one, and the search by its words."""
        plain_words = search_words(command.words)
        with self.ranking:
            target = self.labels.link(command.words, labels_only=True).target
            for words in dict.fromkeys((plain_words.words, without_noun(plain_words.words))):
                if target is None and words:
                    target = self.labels.link(words, labels_only=True).target
                    target = target or self.labels.other_form(words)
            count, counted = split_count(plain_words.words)
            if target is None and count:  # "3 thrillers"
                target = self.labels.link(counted, labels_only=True).target
                if target is not None:
                    plain_words = SearchWords(counted, count)
        return target, replace(
            command, words=plain_words.words, count=plain_words.count or command.count
        )

    def _lead(self) -> None:
        """Say what the list is about; where nothing is found, another sentence takes its place."""
        find = self.conversation.find
        if self.lead is not None and self.lead in self.statements:  # of a search before this one
            self.statements.remove(self.lead)
        lead = Statement("For you:")
        if find.like is not None:
            lead = Statement("Like {item}:", {"item": _fact(find.like)})
        elif find.target is not None:
            lead = Statement("{target}:", {"target": _fact(find.target)})
        elif find.words:
            lead = Statement("Found for {words}:", {"words": Fact("text", find.words)})
        if find.within is not None:
            self.say(_WITHIN, period=_fact(find.within))
        self.lead = lead
        self.statements.append(lead)

    def _why(self, command: Why) -> None:
        self.commands.append(command)
        wanted = self.conversation.listed[:3]
        if command.item is not None:
            linked = self._linked(command.item, "item")
            subject = self._subject_of_many(command.item) if linked.target is None else None
            if linked.target is None and subject is None:
                self.commands.pop()
                self._not_linked(command, command.item.words, linked)
                return
            if linked.target is not None:
                self.commands[-1] = Why(linked.target)
                wanted = (linked.target.value,)
            elif subject is not None:
                wanted = self._listed_about(subject)
                if not wanted:
                    self.say("Nothing that is listed is about {target}.", target=_fact(subject))
                    return
        if not wanted:
            self.say("Nothing was listed yet, so there is nothing to explain.")
            return
        for item_id in wanted:
            row = self.lists.live.row(item_id)
            title = self._title(item_id)
            with self.ranking:
                reasons = self._reasons(row) if row >= 0 else ()
            if reasons:
                self.say("{title}: {reasons}.", title=title, reasons=reasons)
            else:
                self.say("Nothing about you speaks for {title} in particular.", title=title)
        self.conversation = replace(self.conversation, mentioned=wanted[0])

    def _listed_about(self, subject: Target) -> tuple[str, ...]:
        """Return the first listed items that are about a subject."""
        live = self.lists.live
        with self.ranking:
            about = target_mask(live, subject, self.lists.fields, live.size)
        rows = ((id, live.row(id)) for id in self.conversation.listed)
        return tuple(id for id, row in rows if 0 <= row < len(about) and about[row])[:3]

    def _reasons(self, row: int) -> tuple[Fact, ...]:
        query = self.query()
        recommender = self.service.recommender
        request = recommender.request(query)
        mask = recommender.open(query, request)[: request.size]
        listed: Rows = np.array(list(map(self.lists.live.row, self.conversation.listed)), np.int32)
        if row in listed:  # beside what it was listed with, as in the list
            rows = np.unique(listed[listed >= 0])
            scores = request.scores(rows)
        else:
            rows, scores = candidates(request, mask, POOL)
            listed = np.array([row], np.int32)
            if row not in rows:
                place = int(np.searchsorted(rows, row))
                rows = np.insert(rows, place, row)
                scores = np.insert(scores, place, request.scores(listed)[0])
        scored = recommender.corrected(request, mask, rows, scores)
        every = recommender.with_reasons(replace(query, n=len(listed)), scored, listed)
        found = every[int(np.flatnonzero(listed == row)[0])]
        found = self.lists.with_steered(found, self.conversation.critiques, self.language)
        item_id = found.item_id
        return tuple(
            Fact("text", one.text.rstrip("."), item_id) for one in found.reasons if one.text
        )

    def _around(self, command: Around) -> None:
        live, target = self.lists.live, None
        if command.subject is not None:
            linked = self._linked(command.subject, "steer")
            if linked.target is None:
                self._not_linked(command, command.subject.words, linked)
                return
            target = linked.target
        self.commands.append(Around(target))
        with self.ranking:
            mask = live.listed()[: live.size].copy()
            if target is not None:
                mask &= target_mask(live, target, self.lists.fields, live.size)
            about = int(mask.sum())
            muted = user_controls.muted(live, self.service.user.controls, live.size)
            if muted is not None:
                mask &= ~muted
            found = nonpersonal_lists.trending(live, self.n, Filters(), None, self.language, mask)
        self.items = tuple(found)
        if not self.items:
            self.say("Nothing is listed about that at the moment.")
            return
        if target is None:
            self.say("What is taken up most at the moment:")
        else:
            count = Fact("number", str(about))
            self.say(
                "Around {target}, of {count} items those taken up most:",
                target=_fact(target),
                count=count,
            )
        self.say("{titles}.", titles=tuple(self._title(one.item_id) for one in self.items[:3]))
        self._listed(self.items)

    def _help(self, command: Help) -> None:
        self.commands.append(command)
        found = self.service.passages(command.question, self.language)
        if found is None:
            self.say("No help texts are loaded here, so I do not know. People can help instead.")
            self.handoff = "person"
        elif not found:
            self.say("I do not know: the help texts say nothing about it. People can help instead.")
            self.handoff = "person"
        for one in found or ():
            values: dict[str, Value] = {
                "title": Fact("title", one.title),
                "text": Fact("text", one.text),
            }
            if one.url:
                values["url"] = Fact("url", one.url)
                self.say("{title}: {text} ({url})", 1, **values)
            else:
                self.say("{title}: {text}", 1, **values)

    def _undo(self, command: Undo) -> None:
        self.commands.append(command)
        found, change = self.conversation.without_change()
        if change is None:
            self.say("There is nothing to take back.")
            return
        if change.kind == "controls":
            if not self.service.writes:
                self.say("In a dry run, or without an account, nothing is stored.")
                return
            try:
                now = self.service.controls((), change.controls)
            except DataError:
                self.conversation = found
                self.say("That was taken back already.")
                return
            self.service.user = replace(self.service.user, controls=tuple(now))
            self.say("Taken back: your profile is as it was before.")
        else:
            self.say("Taken back.")
        self.conversation = found
        self.wants_list = True

    def _show(self, command: Show) -> None:
        self.commands.append(command)
        if command.item is not None:
            self._item_field(command)
        elif command.what == "more":
            self.wants_list = self.further = True
        elif command.what == "controls":
            self._controls()
        else:
            self._profile()

    def _item_field(self, command: Show) -> None:
        item = command.item or Target("this")
        item_id = self._referred(item.words)
        if not item_id:
            self.say("Nothing was listed yet that this could stand for.")
            return
        row, title = self.lists.live.row(item_id), self._title(item_id)
        if row < 0:
            self.say("{title} is no longer listed.", title=title)
            return
        found = Target(item.words, "item", item_id, title.value)
        self.commands[-1] = replace(command, item=found)
        with self.ranking:
            self.statements.append(self.item_facts.of(command.what, row, title))
        self.conversation = replace(self.conversation, mentioned=item_id)

    def _controls(self) -> None:
        named = [
            Fact("name", f"{_MARK[one.steer.action]}{one.steer.target.called}")
            for one in self.conversation.critiques
            if one.steer is not None
        ]
        if named:
            self.say("In this conversation: {wishes}.", wishes=tuple(named))
        own = [one for one in self.service.user.controls if one.id and one.action in _SIGNS]
        if own:
            wishes = tuple(
                Fact("name", f"{_SIGNS[one.action]}{self._label(one)}") for one in own[:20]
            )
            self.say("Lasting: {wishes}.", wishes=wishes)
        if not named and not own:
            self.say("Nothing is muted, wanted more or wanted less.")

    def _label(self, control: Control) -> str:
        if control.kind == "item":
            return self._title(control.value).value
        if control.kind == "topic":
            topics = self.lists.live.model.topics
            if (
                topics is not None
                and control.value.isdecimal()
                and int(control.value) in topics.ids
            ):
                return topics.name(topics.ids.index(int(control.value))) or control.value
        return control.value

    def _profile(self) -> None:
        if not self.service.reads_profile:
            self.say("Your profile is not shown here: this key may not read profiles.")
            return
        with self.ranking:
            request = self.service.recommender.request(self.query())
        live, names = self.lists.live, list[str]()
        for kind in ("category", "tag", "topic"):
            for one in interests(live, request.history, kind, MOST_INTERESTS):
                name = self._name_of(kind, one.code)
                if one.share > 0 and name and name not in names:
                    names.append(name)
        if not names:
            self.say("Nothing is known of your interests yet.")
            return
        events = Fact("number", str(len(self.service.user.history)))
        wishes = tuple(Fact("name", one) for one in names[:MOST_INTERESTS])
        self.say("From {count} events of yours, most of all: {names}.", count=events, names=wishes)

    def _name_of(self, kind: str, code: int) -> str:
        live = self.lists.live
        if kind == "topic":
            return "" if live.model.topics is None else live.model.topics.name(code)
        for place, name in enumerate(live.spelt(kind)):
            if place == code:
                return name
        return ""

    def _handoff(self, command: Handoff) -> None:
        self.commands.append(command)
        self.handoff = command.reason
        self.say("{text}", text=Fact("text", self.fixed[command.reason]))

    # linking ------------------------------------------------------------------------------------

    def _linked(self, target: Target, purpose: str) -> Linked:
        """Return what words are about; places and "this" are items of the conversation."""
        if target.kind != "words" or target.value:
            return Linked(target)
        if target.words.startswith(AUTHOR_OF):
            return self._author_of(target)
        item_id = self._referred(target.words)
        if item_id is None:
            with self.ranking:
                if purpose == "item":
                    return self.labels.item(target.words)
                return self.labels.link(target.words)
        if not item_id:
            return Linked()
        title = self._title(item_id).value
        return Linked(Target(target.words, "item", item_id, title))

    def _author_of(self, target: Target) -> Linked:
        """Return the author of an item of the conversation."""
        item_id = self._referred(target.words.removeprefix(AUTHOR_OF)) or ""
        row = self.lists.live.row(item_id) if item_id else -1
        author = str(self.lists.live.document(row).get("author_id") or "") if row >= 0 else ""
        if not author:
            return Linked()
        return Linked(Target(target.words, "author", author, self.item_facts.called(author)))

    def _referred(self, words: str) -> str | None:
        """Return the item that words refer to; "" where there is none, None: they refer to none."""
        listed = self.conversation.listed
        if words == "this":
            return self.conversation.mentioned or (listed[0] if listed else "")
        if words == "last":
            return listed[-1] if listed else ""
        if words.isascii() and words.isdecimal() and len(words) <= 3:
            place = int(words)
            return listed[place - 1] if 1 <= place <= len(listed) else ""
        return None

    def _not_linked(self, command: Steer | Find | Around | Why, words: str, linked: Linked) -> None:
        if self._referred(words.removeprefix(AUTHOR_OF)) == "":
            self.commands.append(command)
            self.say("Nothing was listed yet that this could stand for.")
        elif words.startswith(AUTHOR_OF):
            self.commands.append(command)
            item_id = self._referred(words.removeprefix(AUTHOR_OF)) or ""
            self.say("Who made {title} is not known here.", title=self._title(item_id))
        elif linked.ambiguous and linked.options:
            self._ask(words, linked, command)
        else:
            self.commands.append(command)
            subject = search_words(words).words or words
            self.say("Nothing here is about {words}.", words=Fact("text", subject))
            if linked.options:
                self._offer(words, linked.options, command)
            elif there := self.labels.most():
                self.say("There are items about {names}.", names=tuple(map(_fact, there)))

    def _ask(self, words: str, linked: Linked, command: Steer | Find | Around | Why | None) -> None:
        clarify = Clarify(words, linked.options[:MOST_OPTIONS], command)
        self.commands.append(clarify)
        self._offer(words, linked.options, command)

    def _offer(
        self,
        words: str,
        options: Sequence[Target],
        command: Steer | Find | Around | Why | None,
    ) -> None:
        chosen = tuple(options[:MOST_OPTIONS])
        self.conversation = replace(self.conversation, waiting=Clarify(words, chosen, command))
        self.options = tuple(one.called for one in chosen)
        self.say("Do you mean {options}?", options=tuple(_fact(one) for one in chosen))

    # lists --------------------------------------------------------------------------------------

    @property
    def length(self) -> int:
        """Items of the list: as many as were asked for, else as usual."""
        return self.conversation.find.count or self.n

    def query(self) -> Query:
        """Return the query of the user's lists at this moment."""
        request = ListRequest(language=self.language, now=time.time())
        return replace(
            query_of(self.service.user, request, self.service.repeat_categories), n=self.n
        )

    def make_list(self) -> None:
        """Make the list of the conversation, and say which wishes do not hold."""
        with self.ranking:
            found = self._unseen()
            latest = self.conversation.critiques[-1:]
            outlasts = latest and latest[0] in found.relaxed and self.lead is None
            if outlasts and self.conversation.find != Find():
                # the newest wish outlasts what was searched for before
                self.conversation = replace(self.conversation, find=Find(), shown=())
                found = self._unseen()
        if found.unknown:
            promised = {_THAN[one.than] for one in found.unknown if one.than is not None}
            self.statements = [one for one in self.statements if one.template not in promised]
            names = tuple(
                Fact("text", translate(_FIELDS[name], self.language))
                for name in self.lists.fields.known()
            )
            cannot = "Items here cannot be compared so; they can be by {fields}."
            self.statements.insert(0, Statement(cannot, {"fields": names}))
        within = self.conversation.find.within
        if within is not None and any(_is_period(one, within) for one in found.relaxed):
            absent = Statement(
                "Nothing from this period was found: {period}.", {"period": _fact(within)}
            )
            self.statements = [
                absent if one.template == _WITHIN else one for one in self.statements
            ]
            find = replace(self.conversation.find, within=None)
            self.conversation = replace(self.conversation, find=find)
            others = tuple(one for one in found.relaxed if not _is_period(one, within))
            found = replace(found, relaxed=others)
        if found.relaxed:
            promised = {_THAN[one.than] for one in found.relaxed if one.than is not None}
            self.statements = [one for one in self.statements if one.template not in promised]
            gone = tuple(map(self._wish_fact, found.relaxed))
            self.say(
                "Nothing is left with all wishes, so the oldest no longer holds: {wishes}.",
                wishes=gone,
            )
            kept = tuple(one for one in self.conversation.critiques if one not in found.relaxed)
            gone_than = {one.than for one in found.relaxed}
            than = tuple(one for one in self.conversation.find.than if one not in gone_than)
            find = replace(self.conversation.find, than=than)
            self.conversation = replace(self.conversation, critiques=kept, find=find)
        if found.waived_by:
            count = Fact("number", str(found.waived_from))
            gone = tuple(map(self._wish_fact, found.waived_by))
            self.say(
                "Only the first {count} fulfil all wishes; the others lack: {wishes}.",
                count=count,
                wishes=gone,
            )
        self.items = found.items
        self._lead_last(found.items)
        self._listed(found.items)

    def _lead_last(self, items: Sequence[Recommendation]) -> None:
        """Put what the list is about last, before the items; or say that there are none."""
        lead = self.lead if self.lead is not None and self.lead in self.statements else None
        if lead is not None:
            self.statements.remove(lead)
        if not items and lead is None:
            self.say("There is nothing more to list." if self.further else "Nothing was found.")
        elif not items:
            self.statements.append(self._nothing_found())
            if self.conversation.find.words and (there := self.labels.most()):
                self.say("There are items about {names}.", names=tuple(map(_fact, there)))
        elif self.further:
            self.statements.append(self._further())
        elif lead is not None:
            by_words = lead.template == "Found for {words}:"
            if by_words and not any(one.reasons for one in items):
                lead = Statement("No item has all of {words}; the nearest:", lead.values)
            self.statements.append(lead)

    def _wish_fact(self, one: Critique) -> Fact:
        if one.steer is not None:
            return Fact("name", f"{_MARK[one.steer.action]}{one.steer.target.called}")
        sentence = translate(_THAN[one.than], self.language) if one.than is not None else ""
        return Fact("text", sentence.rstrip(".。").casefold())

    def _further(self) -> Statement:
        """Return what further items are about."""
        find = self.conversation.find
        if find.like is not None:
            return Statement("More like {item}:", {"item": _fact(find.like)})
        if find.target is not None:
            return Statement("More about {target}:", {"target": _fact(find.target)})
        if find.words:
            return Statement("More found for {words}:", {"words": Fact("text", find.words)})
        named = tuple(
            Fact("name", f"{_MARK[one.steer.action]}{one.steer.target.called}")
            for one in self.conversation.critiques
            if one.steer is not None
        )
        if named:
            return Statement("More for you, with these wishes: {wishes}.", {"wishes": named})
        return Statement("More for you:")

    def _nothing_found(self) -> Statement:
        find = self.conversation.find
        if find.like is not None:
            return Statement("Nothing is like {item}.", {"item": _fact(find.like)})
        if find.target is not None:
            return Statement("Nothing was found about {target}.", {"target": _fact(find.target)})
        if find.words:
            return Statement("Nothing was found for {words}.", {"words": Fact("text", find.words)})
        return Statement("Nothing was found.")

    def _unseen(self) -> Listed:
        """Return the list without what was shown and passed over, unless a wish would end by it."""
        if self.passed_over and not self.further:
            found = self.lists.make(self.query(), self.conversation, self.length, True, strict=True)
            if found.items:
                return found
        return self.lists.make(self.query(), self.conversation, self.length, self.further)

    def _listed(self, items: Sequence[Recommendation]) -> None:
        if items:
            ids = tuple(one.item_id for one in items)
            self.conversation = self.conversation.with_list(ids)

    def _title(self, item_id: str) -> Fact:
        row = self.lists.live.row(item_id)
        title = self.service.recommender.title(row) if row >= 0 else item_id
        return Fact("title", title, item_id)


_MARK = {"only": "= ", "mute": "− ", "less": "↓ ", "more": "↑ ", "forget": ""}
_SIGNS = {"mute": "− ", "block": "− ", "less": "↓ ", "boost": "↑ "}


_WITHIN = "Only from this period: {period}."


def _fact(target: Target) -> Fact:
    if target.kind == "item":
        return Fact("title", target.called, target.value)
    return Fact("date" if target.kind in ("years", "dates") else "name", target.called)


def _is_period(one: Critique, period: Target) -> bool:
    return one.steer is not None and one.steer.target == period


def answer_pending(message: Message, conversation: Conversation) -> Command | None:
    """Return the command that waits, with the option that a message chooses; None: it chooses none.

    An option is chosen by its place, its name or the beginning of it.
    """
    waiting = conversation.waiting
    if waiting is None or waiting.waiting is None:
        return None
    words = message.plain
    places = {
        "1": 0,
        "2": 1,
        "3": 2,
        "first": 0,
        "second": 1,
        "third": 2,
        "第一个": 0,
        "第二个": 1,
        "第三个": 2,
        "the first": 0,
        "the second": 1,
        "the third": 2,
        "the first one": 0,
        "the second one": 1,
        "yes": 0,
        "是": 0,
        "是的": 0,
        "对": 0,
    }
    place = places.get(words)
    if (
        place is None
        or place >= len(waiting.options)
        or (words in ("yes", "是", "是的", "对") and len(waiting.options) > 1)
    ):
        named = [one.called.casefold() for one in waiting.options]
        fit = [
            at
            for at, name in enumerate(named)
            if words and (name == words or name.startswith(words))
        ]
        if len(fit) != 1:
            return None
        place = fit[0]
    chosen, command = waiting.options[place], waiting.waiting
    if isinstance(command, Steer):
        return replace(command, target=chosen)
    if isinstance(command, Find):
        return replace(command, like=chosen)
    if isinstance(command, Around):
        return Around(chosen)
    return Why(chosen)


def act(turn: Turn, message: Message, understood: Understood) -> Answer:
    """Carry out the commands of a message; `turn.conversation` is then the state after it."""
    chosen = answer_pending(message, turn.conversation)
    turn.conversation = replace(turn.conversation, waiting=None, language=turn.language)
    if message.foreign:
        turn.say("I understand English and Chinese.")
    if message.cut:
        turn.say("The message was too long; I read its beginning only.")
    for command in understood.commands if chosen is None else (chosen,):
        turn.carry_out(command)
    if chosen is None and understood.contradicted:
        gone = tuple(
            Fact("name", f"{_MARK[one.action]}{one.target.called}")
            for one in understood.contradicted
        )
        turn.say("Of contradicting wishes the last one holds, not: {wishes}.", wishes=gone)
    if chosen is None and understood.too_many:
        count = Fact("number", str(understood.too_many))
        turn.say("That was too much at once: {count} further wishes were left out.", count=count)
    if turn.wants_list:
        turn.make_list()
    return Answer(
        tuple(turn.commands),
        tuple(turn.statements),
        turn.items,
        turn.undo,
        turn.options,
        turn.handoff,
    )
