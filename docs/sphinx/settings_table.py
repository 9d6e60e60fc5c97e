"""Writes the table of docs/settings.md from the declarations of `recsys.settings`.

`python docs/sphinx/settings_table.py` writes it. The
table stands between two comments; a test compares it with what this module returns.
"""

from __future__ import annotations

from pathlib import Path

from recsys.settings import CONFIG, CONFIG_HELP, SETTINGS

PAGE = Path(__file__).absolute().parents[1] / "settings.md"
START, END = "<!-- table of settings: begin -->", "<!-- table of settings: end -->"


def table() -> str:
    """Return the table of all settings as Markdown."""
    rows = [
        (
            f"`{one.variable}`",
            f"`{one.default}`" if one.default else "",
            one.type,
            ", ".join(one.read_by),
            one.help + (" (secret)" if one.secret else ""),
        )
        for one in SETTINGS
    ]
    rows.append((f"`{CONFIG}`", "", "file", "night, service, commands", CONFIG_HELP))
    head = ["| setting | default | value | read by | what it is |", "|---|---|---|---|---|"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])


def main() -> None:
    """Put the table into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(START)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{START}\n\n{table()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
