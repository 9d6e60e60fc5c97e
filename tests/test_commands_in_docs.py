"""Commands that README, RESULTS and docs print exist, with the options that they are given."""

import re
import shlex
from pathlib import Path

import click
import pytest

from jobs.cli import COMMANDS, cli

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "RESULTS.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMAND = re.compile(
    r"(?:[A-Z_]+=\S+ +)*(?:\.venv/bin/)?recsys ((?:" + "|".join(COMMANDS) + r")\b.*)"
)


def commands():
    """Yield each command of a code block or in backquotes, continued lines joined."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        fenced = False
        for line in text.splitlines():
            if line.startswith("```"):
                fenced = not fenced
                continue
            code = fenced or line.startswith("    ")
            spans = [line.strip()] if code else re.findall(r"`([^`]+)`", line)
            for span in spans:
                if found := COMMAND.fullmatch(span.strip()):
                    yield page.name, re.split(r"\s+#|\s+&$| > |\s+\|", found[1])[0]


ALL = sorted(set(commands()))


@pytest.mark.parametrize(("page", "line"), ALL)
def test_a_printed_command_has_the_options_that_it_is_given(page, line):
    try:
        words = shlex.split(line)
    except ValueError:
        pytest.fail(f"{page}: {line!r} cannot be read by a shell")
    command, context = cli, click.Context(cli)
    while words and isinstance(command, click.Group):
        found = command.get_command(context, words[0])
        if found is None:
            break
        command, words = found, words[1:]
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    known |= {"--help"}
    for word in words:
        option = re.match(r"--?[a-z][a-z-]*", word)
        assert option is None or option[0] in known, f"{page}: {line}: no option {option[0]}"


def test_there_are_commands_to_look_at():
    assert len(ALL) > 20 and {page for page, _ in ALL} >= {"README.md", "RESULTS.md"}
