"""`recsys talk USER`: a conversation about a user's lists, on the terminal.

recsys talk 15
echo "only comedies" | recsys talk 15
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from recsys.data.id_normalization import canonical_id
from recsys.dialogue.actions.service_protocol import Passage
from recsys.dialogue.actions.turn_state import LENGTH
from recsys.dialogue.conversation import Conversation
from recsys.dialogue.dialogue import Dialogue, Reply
from recsys.errors import StoreError
from recsys.help.question_answering import HelpTexts
from recsys.i18n import closest
from recsys.language_model.language_model import LanguageModel
from recsys.personal_list import UserState
from recsys.settings import Settings
from recsys.store.user_controls import Control, Wish

from ..cli import run
from ..command_audit import audited
from ..command_output import output
from ..environment import load_settings
from ..local_recommender import LocalService, open_service

WIDTH = 100  # columns at most
END = ("exit", "quit", "bye", "再见", "退出")


class LocalDialogueService:
    """What the commands of a message are carried out on; see `acting.DialogueService`."""

    reads_profile = True

    def __init__(self, engine: LocalService, user: UserState, writes: bool, home: Path) -> None:
        self._engine, self.user, self.writes = engine, user, writes
        self._help = HelpTexts(home)
        self.recommender = engine.recommender
        self.repeat_categories = engine.repeat_categories

    def controls(self, wishes: Sequence[Wish], undo: Sequence[int]) -> list[Control]:
        """Store controls, take some back; return those in force. DataError for impossible."""
        assert self.user.user_id is not None
        return self._engine.store.change_controls(self.user.user_id, wishes, undo)

    def passages(self, question: str, language: str) -> Sequence[Passage] | None:
        """Return the passages of the help texts that answer; None: none are loaded."""
        found = self._help.find_passages(question, language)
        if not found.loaded:
            return None
        return [
            Passage(one.passage.title, one.passage.text, one.passage.link) for one in found.passages
        ]


@click.command(name="talk")
@click.argument("user", required=False)
@click.option(
    "-n", "--n", type=click.IntRange(1, 50), default=LENGTH, show_default=True, help="Items."
)
@click.option("--lang", default="en", show_default=True, help="Language before the first message.")
@click.option("--dry-run", is_flag=True, help="Store no profile control.")
def command(user: str | None, n: int, lang: str, dry_run: bool) -> None:
    """Talk about the lists of USER, or as a visitor: one message a line, until exit or the end.

    Nothing that is said is stored; what "from now on" says is a control of the user's profile,
    unless it is a dry run.
    """
    settings = load_settings()
    user_id = canonical_id(user) if user is not None else None
    console = output()
    with ExitStack() as opened:
        engine = opened.enter_context(open_service(settings))
        if user_id is not None:
            opened.enter_context(audited(engine.store, "talk", user_id))
        dialogue = dialogue_of(engine, settings)
        state = engine.state(user_id) if user_id is not None else UserState(None)
        writes = user_id is not None and not dry_run
        service = LocalDialogueService(engine, state, writes, settings.home)
        conversation, language = Conversation(), closest(lang) or "en"
        interactive = sys.stdin.isatty()
        while True:
            text = _next(console, interactive)
            if text is None or text.strip().casefold() in END:
                return
            reply = dialogue.reply(text, conversation, service, language, n)
            conversation = reply.conversation
            show(console, engine, reply)


def dialogue_of(engine: LocalService, settings: Settings) -> Dialogue:
    """Return the dialogue over a recommender, with the texts of the settings."""

    def authors(name: str) -> Sequence[tuple[str, str]]:
        with suppress(StoreError):
            return engine.store.authors_named(name)
        return ()

    def author_name(id: str) -> str:
        with suppress(StoreError):
            return engine.store.names_of([id]).get(id, "")
        return ""

    texts = {
        "person": settings.handoff_text,
        "self_harm": settings.crisis_text,
        "threat": settings.threat_text,
    }
    model = LanguageModel.of(settings.llm, settings.llm_key, settings.speak_port)
    return Dialogue(
        engine.recommender,
        settings.sentiment_scorer.scores,
        authors,
        texts=texts,
        author_name=author_name,
        model=model if model.there else None,
    )


def _next(console: Console, interactive: bool) -> str | None:
    """Return the next message; None at the end of the input."""
    try:
        return console.input("[bold]> [/bold]") if interactive else input()
    except EOFError:
        return None


def show(console: Console, engine: LocalService, reply: Reply) -> None:
    """Print an answer: its text, then its items with the first reason of each."""
    width = min(console.width, WIDTH)
    console.print(reply.text.text, highlight=False, markup=False, width=width)
    if reply.answer.items:
        table = Table(box=None, pad_edge=False, show_header=False, width=width)
        table.add_column(justify="right", width=3)
        table.add_column(ratio=1, no_wrap=True)
        table.add_column(ratio=1, style="dim")
        for one in reply.answer.items:
            reason = one.reasons[0].text if one.reasons else ""
            table.add_row(str(one.rank), engine.title(one.item_id), reason)
        console.print(table)
    if reply.answer.options:
        console.print(" · ".join(reply.answer.options), markup=False, style="bold", width=width)


if __name__ == "__main__":
    run(command)
