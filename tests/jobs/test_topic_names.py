"""`python -m jobs.bench.topic_names`: names beside titles, and the count of a judge's verdicts."""

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from night_world import student

from jobs.bench.topic_names import command
from recsys.errors import DataError
from recsys.text.encoders.static_vector_distillation import write_static

HEAD = ["heading", "labels", "section"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_static(tmp_path / "tiny", student())
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    monkeypatch.setenv("RECSYS_ENCODER", str(tmp_path / "tiny"))
    rows = [[f"odd book {n} of the harbour", "a|Harbours", "Sea"] for n in range(30)]
    rows += [[f"even book {n} of the gambit", "Chess", ""] for n in range(30)]
    with (tmp_path / "items.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEAD, *rows, rows[0]])
    return tmp_path


def run(home: Path, *options: str) -> Result:
    return CliRunner().invoke(
        command, [str(home / "items.csv"), *options], catch_exceptions=False, prog_name="names"
    )


def test_each_topic_is_printed_with_its_name_and_typical_titles(home: Path) -> None:
    shown = run(home, "--title", "heading", "--marks", "labels,section").output.split("\n\n")
    heads = [paragraph.splitlines()[0] for paragraph in shown]
    assert sum(int(head.split(", ")[1].split(" ")[0]) for head in heads) == 60  # equal titles once
    assert {head.rpartition(": ")[2] for head in heads} >= {"Chess"}
    assert all("    odd book" in part or "    even book" in part for part in shown)


def test_verdicts_are_written_empty_and_then_counted(home: Path) -> None:
    options = ("--title", "heading", "--judged", str(home / "verdicts.csv"))
    assert "fill in y or n" in run(home, *options).output
    with (home / "verdicts.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["coherent"] for row in rows] == [""] * len(rows)
    with (home / "verdicts.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "coherent": "y", "acceptable": "n"} for row in rows)
    named = sum(bool(row["name"]) for row in rows)
    result = f"{len(rows)} topics, {named} named, 0 of these acceptable; {len(rows)} coherent, 0 of"
    assert result in run(home, *options).output


def test_an_unknown_column_and_verdicts_of_other_names_are_refused(home: Path) -> None:
    with pytest.raises(DataError, match="no column 'text'; it has heading, labels, section"):
        run(home, "--text", "text")
    with pytest.raises(DataError, match="--title COLUMN"):
        run(home)
    (home / "verdicts.csv").write_text("topic,name,coherent,acceptable\n0,Other,y,y\n")
    with pytest.raises(DataError, match="judges other names"):
        run(home, "--title", "heading", "--judged", str(home / "verdicts.csv"))


def test_tags_alone_group_items_as_in_a_night(home: Path) -> None:
    """Titles say nothing: grouped by titles alone, no topic would have a name."""
    tags = ("Chess|Games", "Harbours|Sea", "Bread|Kitchen")
    rows = [[f"number {n}", tags[n % 3], ""] for n in range(90)]
    with (home / "items.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEAD, *rows])
    shown = run(home, "--title", "heading", "--marks", "labels").output.split("\n\n")
    names = {part.splitlines()[0].rpartition(": ")[2] for part in shown}
    known = {tag for pair in tags for tag in pair.split("|")}
    assert len(names & known) >= 3 and names <= known | {"(no name)"}
