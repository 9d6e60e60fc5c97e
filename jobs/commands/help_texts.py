"""`recsys help`: the platform's help texts: ingest a folder, answer a question, remove.

recsys help ingest docs/help
recsys help find "How do I change my password?"
recsys help remove
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from recsys.errors import DataError
from recsys.help.answer_text import answer_text
from recsys.help.help_document_loader import read_help_folder
from recsys.help.help_index_storage import remove_help, write_help
from recsys.help.question_answering import find_passages, shared_vectors
from recsys.text.language.detect import detect

from ..cli import run
from ..command_audit import record
from ..command_output import as_json
from ..environment import load_settings

_SHOWN = 10  # skipped files that are named


@click.group(name="help")
def command() -> None:
    """Help texts: Markdown, HTML and CSV files from which questions are answered."""


@command.command()
@click.argument("folder", type=Path)
@as_json
def ingest(folder: Path, as_json: bool) -> None:
    """Read the help texts in FOLDER; they replace the ones before.

    Workers use them within a second.
    """
    settings = load_settings()
    found = read_help_folder(folder)
    write_help(settings.home, found.passages, shared_vectors())
    record(settings.store_url, "help ingest", str(folder))
    if as_json:
        fields = {"passages": len(found.passages), "files": found.files, "skipped": found.skipped}
        print(json.dumps(fields, ensure_ascii=False))
        return
    print(f"{len(found.passages):,} passages of {found.files:,} files")
    for sentence in found.skipped[:_SHOWN]:
        click.echo(f"skipped: {sentence}", err=True)
    if len(found.skipped) > _SHOWN:
        click.echo(f"skipped: {len(found.skipped) - _SHOWN:,} more files", err=True)


@command.command()
@click.argument("question")
@click.option("--lang", default="en", show_default=True, help="Language of sentences: en or zh.")
@as_json
def find(question: str, lang: str, as_json: bool) -> None:
    """Show what the help texts answer to QUESTION."""
    settings = load_settings()
    if not question.strip():
        raise DataError("the question is empty")
    found = find_passages(settings.home, question, detect(question).code)
    if as_json:
        passages = [
            {
                "title": one.passage.title,
                "text": one.passage.text,
                "link": one.passage.link,
                "similarity": round(one.similarity, 4),
            }
            for one in found.passages
        ]
        fields = {"known": found.known, "passages": passages, "loaded": found.loaded}
        print(json.dumps(fields, ensure_ascii=False))
        return
    print(answer_text(found, lang, settings.help_contact))
    if not found.loaded:
        click.echo("read some with `recsys help ingest FOLDER`", err=True)


@command.command()
def remove() -> None:
    """Remove the help texts."""
    settings = load_settings()
    if not remove_help(settings.home):
        raise DataError(f"{settings.home}: holds no help texts")
    record(settings.store_url, "help remove", "")
    print("help texts removed")


if __name__ == "__main__":
    run(command)
