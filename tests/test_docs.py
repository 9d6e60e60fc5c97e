"""README and docs state what there is: routes, settings, commands, extras, design decisions."""

import configparser
import re
import runpy
from pathlib import Path

import pytest

from jobs.cli import COMMANDS
from recsys.settings import SETTINGS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def page(name):
    """Return the text of a page of docs/."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def cells(name, *heads):
    """Return the rows of the tables of a page that begin with these heads, as lists of cells."""
    rows, inside = [], False
    for line in page(name).splitlines():
        parts = [cell.strip() for cell in line.strip("|").split(" | ")]
        inside = line.startswith("|") and (inside or parts[: len(heads)] == list(heads))
        if inside and parts[: len(heads)] != list(heads) and not line.startswith("|---"):
            rows.append(parts)
    return rows


def test_it_opens_with_the_two_commands_and_a_curl():
    opening = README.split("##")[0].splitlines()[:8]
    assert [line.split()[0:2] for line in opening if line.startswith("    make")][:2] == [
        ["make", "demo"],
        ["make", "test"],
    ]
    assert any("curl" in line and "/recommend/" in line for line in opening)


def test_the_readme_fits_on_a_few_screens():
    assert len(README.splitlines()) <= 150


def test_the_table_of_settings_is_that_of_the_declarations():
    module = runpy.run_path(str(ROOT / "docs" / "sphinx" / "settings_table.py"))
    text = page("settings.md")
    written = text.split(module["START"])[1].split(module["END"])[0].strip()
    assert written == module["table"](), "run python docs/sphinx/settings_table.py"
    assert len(cells("settings.md", "setting", "default")) == len(SETTINGS) + 1
    named = {name.strip("`") for name, *_ in cells("settings.md", "setting", "default")}
    assert "PROMETHEUS_MULTIPROC_DIR" in named and "RECSYS_METRICS_FOLDER" not in named


def test_every_route_and_no_other(tmp_path):
    from api.app import create_app
    from api.console.page_dispatch import routes as console_pages
    from recsys.settings import Settings

    app = create_app(Settings(home=tmp_path), background=False)
    found = set()
    for shown in console_pages.endpoints:
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", shown.path)
        found.add(f"`{shown.method} {path}`")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/console"):
            continue  # the way to the pages, which are loaded by the first request for one
        if rule.endpoint != "static" and not rule.rule.startswith("/api/"):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", rule.rule)
            found |= {f"`{method} {path}`" for method in rule.methods - {"HEAD", "OPTIONS"}}
    assert {row[0] for row in cells("routes.md", "route")} == found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command(name):
    assert any(re.match(rf"`recsys {name}[ `]", row[0]) for row in cells("commands.md", "command"))


def test_every_extra():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = " ".join(row[0] for row in cells("installation.md", "extra"))
    assert all(f"`{extra}`" in listed for extra in parser["options.extras_require"])


def test_the_attribution_of_the_sample_data():
    line = "sub-licensed under CC BY 4.0 with Attribution to The Computational Democracy Project"
    assert line in README and "Simon Dooms" in README


def test_decisions_are_numbered_and_tell_context_choice_and_price():
    decisions = re.split(r"\n## (?=\d+\. )", (ROOT / "DESIGN.md").read_text(encoding="utf-8"))[1:]
    numbers = [int(text.split(".")[0]) for text in decisions]
    assert numbers == sorted(set(numbers))
    for text in decisions:
        assert all(f"{word}: " in text for word in ("Context", "Choice", "Price")), text[:60]


def test_the_layers_in_the_design_are_those_that_are_checked():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    layers = parser["importlinter:contract:layers"]["layers"].split("\n")
    named = [re.sub(r" \| \(.*?\)|[()]", "", layer).strip() for layer in layers if layer.strip()]
    design = (ROOT / "DESIGN.md").read_text(encoding="utf-8")
    assert "\n".join(f"    {layer}" for layer in named) in design


def test_every_headline_figure_is_marked_clean_or_development():
    results = (ROOT / "RESULTS.md").read_text(encoding="utf-8")
    headline = results.split("## Headline figures")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in headline.splitlines() if "|" in line]
    assert rows[0][-1] == "status" and len(rows) > 10
    for row in rows[2:]:
        quality = not row[1].startswith(("p50", "requests"))
        assert row[-1] in (("*clean*", "*development*") if quality else ("–",)), row
