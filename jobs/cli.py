"""`recsys`: command line; each command is a module of jobs/commands/, imported when it is called.

recsys --help
RECSYS_HOME=/srv/recsys recsys nightly --json
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import click

from recsys.errors import RecsysError

# Each line: module and a few words. Loading them all for `recsys --help` would load torch.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "demo": ("demo", "sample data to recommendations on the screen"),
    "ingest": ("ingest_files", "files of items and events into the store"),
    "consume": ("consume_stream", "events from Kafka or growing files into the store"),
    "streams": ("streams", "where streams are read on, and rejected messages"),
    "screen": ("screen_items", "look again for what is doubtful about items"),
    "nightly": ("nightly", "train, check against yesterday, publish"),
    "evaluate": ("evaluate", "offline evaluation against baselines"),
    "recommend": ("recommend", "recommendations for one user"),
    "talk": ("talk", "a conversation about one user's lists"),
    "serve": ("serve", "the HTTP service"),
    "keys": ("api_keys", "create, list, revoke the keys of the service"),
    "audit": ("audit_log", "who looked at whom and changed what, and whether the log is whole"),
    "notices": ("notices", "what happened to the service, and deliveries that were given up"),
    "deliver": ("deliver_notices", "deliver notices by webhook and mail"),
    "webhooks": ("webhooks", "add, list, test, remove where notices are posted"),
    "mail": ("mail_addresses", "add, confirm, list, test, remove to whom notices are mailed"),
    "watch": ("watches", "saved queries over texts, their preview, alerts and digest"),
    "experiment": ("experiments", "experiments on live lists: add, start, stop, decide, report"),
    "whatif": ("what_if", "lists under another configuration, bundle or past"),
    "replay": ("replay_policy", "logged lists under another configuration, and their clicks"),
    "erase": ("erase_user", "remove all that is held of a person, with a receipt"),
    "merge": ("merge_users", "move all that is held of one user to another"),
    "bundles": ("bundles", "list, show, roll back, prune what nights made"),
    "backup": ("backup", "a copy of store and home, made while the service runs"),
    "restore": ("restore", "a backup into an empty home and store"),
    "tone": ("score_sentiment", "negative, neutral or positive, text by text"),
    "train-tone": ("train_sentiment_model", "teach the tone model from labelled texts"),
    "evaluate-text": ("evaluate_sentiment_and_topics", "figures of tone and topics"),
    "evaluate-trends": ("evaluate_trends", "figures of bursts and forecasts"),
    "evaluate-watches": ("evaluate_watches", "figures of alerts on injected bursts"),
    "evaluate-detected-events": ("evaluate_detected_events", "figures of event detection"),
    "evaluate-profiles": ("evaluate_user_profiles", "figures of who returns and of communities"),
    "communities": ("report_communities", "communities of users, and who moves whom"),
    "evaluate-people": ("evaluate_people", "figures of whom to follow and of how items spread"),
    "evaluate-experiments": ("evaluate_experiments", "error rates and power of experiments"),
    "evaluate-ope": ("evaluate_off_policy", "off-policy estimates against known values"),
    "speak": ("speak", "serve a local language model to the workers"),
    "digest": ("digest", "what users have missed, printed or sent through the outbox"),
    "help": ("help_texts", "help texts: ingest a folder, answer a question, remove"),
    "evaluate-help": ("evaluate_help", "figures of answers from help texts"),
    "evaluate-grounding": ("evaluate_grounding", "figures of the guard of generated texts"),
    "evaluate-dialogue": ("evaluate_dialogue", "figures of the dialogue and of its intents"),
    "evaluate-writing": ("evaluate_writing", "figures of extractive titles"),
    "evaluate-digest": ("evaluate_digest", "figures of what users take up of their digests"),
    "evaluate-fairness": ("evaluate_fairness", "what a creator floor and calibrated lists cost"),
    "settings": ("show_settings", "every setting with its value, default and source"),
    "bench": ("bench", "speed and memory of each stage and of serving"),
}


class LazyGroup(click.Group):
    """A group that imports a command's module when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of use."""
        return list(COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is called; for an unknown one UsageError with the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches  # here: few calls need it

            near = get_close_matches(args[0], COMMANDS, n=1)
            way = f" Did you mean '{near[0]}'?" if near else ""
            raise click.UsageError(f"{error.message}{way}", ctx) from None

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f".commands.{COMMANDS[cmd_name][0]}", __package__).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.group(cls=LazyGroup)
@click.version_option(package_name="recsys")
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting for this call, as in --set seed=3; may be repeated.",
)
def cli(values: tuple[str, ...]) -> None:
    """Personal recommendations: events in, a night's work, a service that answers.

    Settings come from --set, else the environment (RECSYS_HOME, RECSYS_STORE, …), else a TOML file
    named by RECSYS_CONFIG; `recsys settings` shows them.
    """


def run(command: click.Command) -> NoReturn:
    """Run a command as a program: what goes wrong is one line on stderr and exit status 1.

    2 when the command was called in a wrong way, 130 when it was interrupted. With `--json` an
    error is `{"error": {"code", "message"}}` on stdout. An error that nobody foresaw leaves its
    traceback in a file.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("recsys").setLevel(logging.INFO)
    try:
        status = command(standalone_mode=False)
    except RecsysError as error:
        _fail(command, "failed", str(error))
    except OSError as error:
        words = f"{error.filename or ''}: {error.strerror or error}".removeprefix(": ")
        _fail(command, "failed", words)
    except click.ClickException as error:
        if not _json_on_stdout(command):
            error.show()
            raise SystemExit(error.exit_code) from None
        _fail(command, "usage", error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail(command, "interrupted", "interrupted", 130)
    except Exception as error:
        place = _kept(traceback.format_exc())
        _fail(command, "internal", f"unexpected {error!r:.200}; the traceback is in {place}")
    raise SystemExit(status if isinstance(status, int) else 0)


def _fail(command: click.Command, code: str, message: str, status: int = 1) -> NoReturn:
    words = " ".join(message.split())
    if _json_on_stdout(command):
        print(json.dumps({"error": {"code": code, "message": words}}, ensure_ascii=False))
    else:
        print(f"recsys: {words}", file=sys.stderr)
    raise SystemExit(status)


def _json_on_stdout(command: click.Command) -> bool:
    """Return whether JSON is requested on stdout: `--json`, or `--json -` where it names a file."""
    arguments = sys.argv[1:]
    if "--json" not in arguments and "--json=-" not in arguments:
        return False
    for word in arguments:
        if not isinstance(command, click.Group):
            break
        command = command.get_command(click.Context(command), word) or command
    for parameter in command.params:
        if "--json" in parameter.opts and not getattr(parameter, "is_flag", False):
            at = arguments.index("--json") if "--json" in arguments else len(arguments)
            return "--json=-" in arguments or arguments[at + 1 : at + 2] == ["-"]
    return True


def _kept(trace: str) -> Path:
    """Append a traceback to a file of this user, and return where it is."""
    path = Path(tempfile.gettempdir()) / f"recsys-errors-{os.getuid()}.log"
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {' '.join(sys.argv)}\n{trace}\n")
    return path


def main() -> NoReturn:
    """Entry point of the console script."""
    run(cli)


if __name__ == "__main__":
    main()
