"""`recsys`: one command per module of jobs/, loaded when it is called for.

recsys --help
RECSYS_HOME=/srv/recsys recsys nightly --json
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Mapping
from typing import NoReturn

import click

from recsys.errors import RecsysError

# Each line: module and a few words. Loading them all for `recsys --help` would load torch.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "demo": ("demo", "sample data to recommendations on the screen"),
    "ingest": ("ingest", "files of items and events into the store"),
    "screen": ("screen", "look again for what is doubtful about items"),
    "nightly": ("nightly", "train, check against yesterday, publish"),
    "evaluate": ("evaluate", "offline evaluation against baselines"),
    "recommend": ("recommend", "recommendations for one user"),
    "serve": ("serve", "the HTTP service"),
    "keys": ("keys", "create, list, revoke the keys of the service"),
    "erase": ("erase", "remove all that is held of a person, with a receipt"),
    "merge": ("merge", "move all that is held of one user to another"),
    "bundles": ("bundles", "list, show, roll back, prune what nights made"),
    "tone": ("tone", "negative, neutral or positive, text by text"),
    "train-tone": ("train_tone", "teach the tone model from labelled texts"),
    "evaluate-text": ("evaluate_text", "figures of tone and topics"),
    "evaluate-trends": ("evaluate_trends", "figures of bursts and forecasts"),
    "evaluate-profiles": ("evaluate_profiles", "figures of who returns and of communities"),
    "bench": ("bench", "speed and memory of each stage and of serving"),
}


class LazyGroup(click.Group):
    """A group that imports a command's module when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f".{COMMANDS[cmd_name][0]}", __package__).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.group(cls=LazyGroup)
@click.version_option(package_name="recsys")
def cli() -> None:
    """Personal recommendations: events in, a night's work, a service that answers.

    Settings come from the environment (RECSYS_HOME, RECSYS_STORE, …) or a TOML file named by
    RECSYS_CONFIG; the README lists them.
    """


def run(command: click.Command) -> NoReturn:
    """Run a command as a program: what goes wrong on purpose is one line and exit status 1."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        command()
    except RecsysError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or ''}: {error.strerror or error}".removeprefix(": "))
    raise SystemExit(0)


def _fail(message: str) -> NoReturn:
    print(f"recsys: {' '.join(message.split())}", file=sys.stderr)
    raise SystemExit(1)


def main() -> NoReturn:
    """Entry point of the console script."""
    run(cli)


if __name__ == "__main__":
    main()
