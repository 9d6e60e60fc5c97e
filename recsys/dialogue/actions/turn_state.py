"""Turn: the state of one turn while its commands are carried out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from recsys.dialogue.actions.service_protocol import DialogueService
from recsys.dialogue.answer_statements import Statement, Undoing, Value
from recsys.dialogue.commands import (
    Command,
)
from recsys.dialogue.conversation import Conversation
from recsys.dialogue.conversation_list import ConversationList
from recsys.dialogue.facts import Fact
from recsys.dialogue.item_facts import ItemFacts
from recsys.dialogue.label_linking import LabelIndex
from recsys.personal_list import ListRequest, query_of
from recsys.ranking.query import Query, Recommendation

LENGTH = 5  # items of a list, unless asked otherwise


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

    def say(self, template: str, weight: int = 1, **values: Value) -> None:
        """Add a statement."""
        self.statements.append(Statement(template, values, weight))

    def say_once(self, template: str, **values: Value) -> None:
        """Add a statement, or move it to the end where the answer has it already."""
        statement = Statement(template, values)
        self.statements = [one for one in self.statements if one != statement]
        self.statements.append(statement)

    def done(self, command: Command, template: str, weight: int = 1, **values: Value) -> None:
        """Note a command that is carried out by one statement."""
        self.commands.append(command)
        self.say(template, weight, **values)

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

    def remember_list(self, items: Sequence[Recommendation]) -> None:
        """Keep the items of a list in the conversation; without items, the list before stays."""
        if items:
            ids = tuple(one.item_id for one in items)
            self.conversation = self.conversation.with_list(ids)

    def title(self, item_id: str) -> Fact:
        """Return the title of an item; of one that is no longer there, its id."""
        row = self.lists.live.row(item_id)
        title = self.service.recommender.title(row) if row >= 0 else item_id
        return Fact("title", title, item_id)
