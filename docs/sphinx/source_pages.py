"""Markdown pages from the source: the help of every command, and a line for every module."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click


def command_page(group: click.Group) -> str:
    """Return a page with the help text of a group's commands and their subcommands."""
    found = ["# Command reference", "", "Generated from `--help`."]
    context = click.Context(group, info_name=group.name, terminal_width=90, max_content_width=90)
    for heading, text in _helps(context):
        found += ["", f"## `{heading}`", "", "```text", text.rstrip(), "```"]
    return "\n".join(found) + "\n"


def _helps(context: click.Context) -> Iterator[tuple[str, str]]:
    group = context.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        below = click.Context(
            command, parent=context, info_name=name, terminal_width=90, max_content_width=90
        )
        yield below.command_path, command.get_help(below)
        if isinstance(command, click.Group):
            yield from _helps(below)


def module_page(root: Path, tops: Sequence[str]) -> str:
    """Return a page that lists the modules below some folders, with their first sentence each."""
    found = ["# Modules", "", "Each module with the first line of its docstring, by package."]
    for package, modules in _packages(root, tops).items():
        found += ["", f"## `{package}`", ""]
        if summary := modules.pop("__init__", ""):
            found += [summary, ""]
        found += ["| module | content |", "|---|---|"] if modules else []
        for name, text in modules.items():
            text = text.replace("|", "\\|")
            found.append(f"| `{name}` | {text} |")
    return "\n".join(found) + "\n"


def _packages(root: Path, tops: Sequence[str]) -> Mapping[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for top in tops:
        for path in sorted((root / top).rglob("*.py")):
            package = ".".join(path.parent.relative_to(root).parts)
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            summary = " ".join(text.split("\n\n")[0].split())
            found.setdefault(package, {})[path.stem] = summary
    return found
