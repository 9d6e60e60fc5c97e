"""`recsys ingest`: loads files of items, events, users and follows into the store.

    recsys ingest --items items.csv --events events.csv.gz
    recsys ingest --events monday.csv --events tuesday.csv --map item_id=content_id
    python -m jobs.ingest --events more.jsonl --strict --json

Reading a file again changes nothing, so a run that was killed is simply run again. Bad rows go to
a file under <home>/rejects; `--strict` stops at the first instead. Every run ends with an account:
rows read = new or changed + there already + rejected; docs/formats.md says what is read how.
"""

from __future__ import annotations

import gc
import hashlib
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from recsys.data.column_aliases import COLUMNS, Shape
from recsys.data.day_month_order import ORDERS
from recsys.data.equal_event_numbering import Occurrences
from recsys.data.file_opening import check_file
from recsys.data.item_and_event_readers import Row as Line
from recsys.data.item_and_event_readers import (
    count_lines,
    notes,
    read_events,
    read_follows,
    read_partial_items,
    read_partial_users,
)
from recsys.data.parsing import FieldError
from recsys.data.partial_rows import Row, filled_items, filled_users
from recsys.data.record_reader import Options, Reading, Reject, read_records
from recsys.data.records import Event, Follow, Item, User
from recsys.errors import DataError
from recsys.safety.flags import KEY
from recsys.safety.item_screening import forget_detected, screen
from recsys.safety.text_rules import Scorer, by_words, load_scorer
from recsys.settings import Settings
from recsys.store.events import BATCH, UNDATED
from recsys.store.store import Added, Store

from ..environment import load_settings
from ..ingested_column_mappings import EventFileReadings
from ..ingested_event_summary import IngestStatistics, statistics_json
from ..progress import job_progress
from ..rejected_rows import Rejects

T = TypeVar("T")
REFUSED = "refused"  # of a part of a report: rows that go against what is known of their items
Report = dict[str, Any]  # what became of one file; JSON-able
KINDS = ("items", "users", "follows", "events")  # in the order in which they are read


class Progress(Protocol):
    """Progress of an ingest."""

    def started(self, name: str) -> None: ...
    def advance(self, done: float, total: float) -> None: ...
    def finished(
        self, name: str, seconds: float, detail: Mapping[str, Any], reused: bool
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Ingest:
    """One run: where to, and how strictly."""

    store: Store
    home: Path
    strict: bool
    progress: Progress
    scorer: Scorer = by_words
    options: Options = field(default_factory=Options)
    whole: bool = False  # a row of items or users replaces the record, columns it lacks included
    acts: IngestStatistics = field(default_factory=IngestStatistics)

    def items(self, path: Path) -> Report:
        """Read a file of items into the store, what is doubtful about them noted."""

        def add(rows: list[tuple[int, Row[Item]]]) -> Report:
            known = {} if self.whole else self._known_items(rows)
            refused: list[tuple[Row[Item], FieldError]] = []
            found = screen(self.store, filled_items(_values(rows), known, refused), self.scorer)
            changed = self.store.add_items(found.items, fingerprints=found.fingerprints)
            flagged = sum(KEY in item.metadata for item in found.items)
            unchanged = len(rows) - len(refused) - changed
            result: Report = {"changed": changed, "unchanged": unchanged, "flagged": flagged}
            if refused:
                lines = {id(row): line for line, row in rows}
                result[REFUSED] = [_refused(path, lines[id(row)], row, e) for row, e in refused]
            return result

        return self._file("items", path, read_partial_items, add)

    def _known_items(self, rows: list[tuple[int, Row[Item]]]) -> dict[str, Item]:
        known = self.store.items_known({row.value.item_id for _, row in rows})
        changed = {
            row.value.item_id: forget_detected(known[row.value.item_id], row)
            for _, row in rows
            if row.value.item_id in known
        }
        return known | changed

    def users(self, path: Path) -> Report:
        """Read a file of users into the store."""

        def add(rows: list[tuple[int, Row[User]]]) -> Report:
            ids = {row.value.user_id for _, row in rows}
            known = {} if self.whole else self.store.users_known(ids)
            return _changed(self.store.add_users(filled_users(_values(rows), known)), rows)

        return self._file("users", path, read_partial_users, add)

    def follows(self, path: Path) -> Report:
        """Read a file of follows into the store."""

        def add(rows: list[tuple[int, Follow]]) -> Report:
            return _changed(self.store.add_follows(_values(rows)), rows)

        return self._file("follows", path, read_follows, add)

    def events(self, path: Path) -> Report:
        """Read a file of events into the store; each counts once, however often it is read."""
        undated = Occurrences()

        def add(rows: list[tuple[int, Event]]) -> Report:
            events = [event for _, event in rows]
            self.acts.count(events)
            numbers = [0 if e.timestamp is not None else undated.number(e) for e in events]
            added: Added = self.store.add_events(events, UNDATED, numbers)
            return asdict(added)

        readings = EventFileReadings(self.home / "ingested")
        return self._file("events", path, read_events, add, readings.differing)

    def _file(
        self,
        name: str,
        path: Path,
        read: Callable[[Path, bool, Reading], Iterator[Line[T]]],
        add: Callable[[list[tuple[int, T]]], Report],
        warnings: Callable[[str, Report], Iterable[str]] = lambda sha256, report: (),
    ) -> Report:
        start = time.perf_counter()
        self.progress.started(name)
        source, total = _sha256(path), count_lines(path)
        report: Report = {"file": str(path), "read": 0, "rows": 0}
        reading = Reading(self.options)
        rejects = Rejects(self.home / "rejects" / f"{name}-{source[:12]}.jsonl")
        with rejects.open():
            good = rejects.taken_out(read(path, self.strict, reading))
            while rows := list(itertools.islice(good, BATCH)):
                part = add(rows)
                refused: list[Reject] = part.pop(REFUSED, [])
                for one in refused:
                    if self.strict:
                        raise DataError(str(one))
                    rejects.add(one)
                _sum(report, part)
                report["rows"] += len(rows) - len(refused)
                if total:
                    self.progress.advance(min(rows[-1][0], total), total)
        report["read"] = report["rows"] + rejects.count
        report["rejected"] = rejects.count
        report["rejected_by"] = dict(rejects.reasons.most_common())
        report["reject_file"] = str(rejects.path) if rejects.count else None
        report["skipped"] = dict(reading.skipped)
        report["columns"], report["renamed"] = reading.columns, reading.renamed
        report["unused"], report["metadata"] = reading.unused, reading.kept
        report["notes"] = [
            *notes(reading),
            *_advice(rejects),
            *warnings(source, report),
        ]
        report["seconds"] = round(time.perf_counter() - start, 3)
        if rejects.count and not report["rows"]:
            raise DataError(_all_rejected(path, rejects))
        shown = {k: v for k, v in report.items() if k not in ("file", "seconds") and v is not None}
        self.progress.finished(name, report["seconds"], shown, False)
        return report


def _refused(path: Path, line: int, row: Row[Item], error: FieldError) -> Reject:
    """Return a row that goes against what is known of its item, as a reject."""
    known = {name: getattr(row.value, name, None) for name in sorted(row.names)}
    raw = json.dumps({**known, "item_id": row.value.item_id}, ensure_ascii=False, default=str)
    return Reject(str(path), line, error.column, error.reason, raw)


def _all_rejected(path: Path, rejects: Rejects) -> str:
    """Return the sentence for a file without one good row: the first of each reason."""
    first, *others = list(rejects.examples.values())[:3]
    result = "".join(f"; then {other.line}: {other.column} {other.reason}" for other in others)
    way = "".join(f"; {line}" for line in _advice(rejects))
    return f"every row was rejected; the first: {first}{result}{way}; all of them: {rejects.path}"


def _advice(rejects: Rejects) -> Iterator[str]:
    if any("UTF-8" in reason for reason in rejects.reasons):
        yield (
            "cells are not UTF-8: name the encoding of the file, as in --encoding cp1252 (Western "
            "Europe), cp1250 (Central Europe), cp1251 (Cyrillic), shift_jis or euc_jp (Japanese), "
            "cp949 (Korean), big5 (traditional Chinese)"
        )


def _values(rows: list[tuple[int, T]]) -> Iterator[T]:
    return (row for _, row in rows)


def _changed(count: int, rows: list[tuple[int, T]]) -> Report:
    return {"changed": count, "unchanged": len(rows) - count}


def _sum(report: Report, part: Report) -> None:
    for name, count in part.items():
        report[name] = report.get(name, 0) + count


def _together(reports: list[Report]) -> Report:
    """Return one report on several files of a kind; `files` holds those of each."""
    if len(reports) == 1:
        return reports[0]
    total: Report = {"file": ", ".join(one["file"] for one in reports)}
    for one in reports:
        for name, value in one.items():
            if isinstance(value, (int, float)):
                total[name] = total.get(name, 0) + value
            elif isinstance(value, dict) and name != "renamed":
                total[name] = dict(Counter(total.get(name, {})) + Counter(value))
    last = next((one["reject_file"] for one in reports if one["reject_file"]), None)
    return {**total, "reject_file": last, "files": reports}


def _sha256(path: Path) -> str:
    check_file(path)
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for chunk in iter(partial(file.read, 1 << 20), b""):
                digest.update(chunk)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    return digest.hexdigest()


def _check_beginning(path: Path, kind: str, options: Options) -> None:
    """Raise DataError where a file is missing, or its names lack what a file of its kind needs.

    Of a .json, which is read as a whole, only the name is looked at.
    """
    if check_file(path) != ".json":
        next(read_records(path, Shape.of(kind), Reading(options)), None)


def ingest(
    files: Mapping[str, Path | Sequence[Path]],
    settings: Settings,
    strict: bool = False,
    options: Options | None = None,
    whole: bool = False,
) -> Report:
    """Read files, by kind (items, users, follows, events), into the store of the settings.

    Returns a report per kind and the store's counts. The header of each file is checked before any
    is read.
    `whole`: a row of items or users replaces what was stored, the columns that it lacks included.
    """
    lists = {kind: [one] if isinstance(one, Path) else list(one) for kind, one in files.items()}
    given = options or Options()
    for kind, paths in lists.items():
        for path in paths:
            _check_beginning(path, kind, given)
    store_of = Store.open(settings.store_url, bulk=True)
    with _seldom_collected(), store_of as store, job_progress("ingest") as progress:
        scorer = load_scorer(settings.safety_model)
        acts = IngestStatistics(settings.weights)
        work = Ingest(store, settings.home, strict, progress, scorer, given, whole, acts)
        kinds = {k: getattr(work, k) for k in KINDS}
        report: Report = {
            kind: _together([kinds[kind](path) for path in lists[kind]])
            for kind in kinds
            if lists.get(kind)
        }
        if "events" in report:
            report["events"] |= work.acts.report(store)
        return {**report, "store": store.counts()}


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Look for cycles less often: rows hold none, and looking took an eighth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _described(report: Report) -> Iterator[str]:
    parts = {kind: part for kind, part in report.items() if kind != "store"}
    files = [(kind, one) for kind, part in parts.items() for one in part.get("files", [part])]
    for kind, part in files:
        counts = ", ".join(
            f"{part[k]:,} {k}"
            for k in ("new", "changed", "unchanged", "duplicates", "rejected", "flagged")
            if k in part and (k != "rejected" or part[k])
        )
        rate = part["read"] / max(part["seconds"], 1e-9)
        yield f"{kind}: {part['read']:,} rows in {part['seconds']:.1f} s ({rate:,.0f}/s): {counts}"
        yield f"{kind}: columns read: {', '.join(part['columns'])}"
        if part["metadata"]:
            yield f"{kind}: columns kept as metadata: {', '.join(part['metadata'])}"
        if part["rejected"]:
            rows = (
                "1 bad row was" if part["rejected"] == 1 else f"{part['rejected']:,} bad rows were"
            )
            yield f"{kind}: {rows} left out: {part['reject_file']}"
        for reason, count in part["rejected_by"].items():
            yield f"{kind}: rejected: {count:,} × {reason}"
    if "events" in parts:
        yield from statistics_json(parts["events"])
    yield "the store holds " + ", ".join(f"{n:,} {kind}" for kind, n in report["store"].items())
    for _, part in files:
        for line in part["notes"]:
            yield f"{part['file']}: {line}"


def file_option(name: str, words: str) -> Callable[[Any], Any]:
    """Return an option that names a file, and may be given several times."""
    kind = click.Path(path_type=Path)
    return click.option(f"--{name}", type=kind, metavar="F", multiple=True, help=words)


def map_option(command: Any) -> Any:
    """Add the options that say what files do not say themselves."""
    named = click.option(
        "--map",
        "column_names",
        multiple=True,
        metavar="COLUMN=NAME",
        help="The column of another name in the files, as in item_id=content_id; may be repeated. "
        "Without a name, as in created_at=, no column is taken for it.",
    )
    coded = click.option(
        "--encoding", default="", metavar="NAME", help="Of text files, as in cp1252, if not UTF-8."
    )
    dated = click.option(
        "--dates",
        type=click.Choice(list(ORDERS)),
        help="Of tables with dates as 08/05/2021, where the first rows do not show the order.",
    )
    return named(coded(dated(command)))


def read_options(names: Sequence[str], encoding: str, dates: str | None) -> Options:
    """Return what --map, --encoding and --dates say; DataError for what is none."""
    found: dict[str, str] = {}
    for text in names:
        column, sign, name = (part.strip() for part in text.partition("="))
        if not sign or column not in COLUMNS:
            known = ", ".join(COLUMNS)
            raise DataError(f"--map {text}: write COLUMN=NAME, where COLUMN is one of {known}")
        found[column] = name
    return Options(found, encoding, dates or "")


@click.command("ingest")
@file_option("items", "File of items: item_id, title, text, tags, category, …")
@file_option("events", "File of events: user_id, item_id, event, value, text, timestamp.")
@file_option("users", "File of users: user_id, name, interests, language.")
@file_option("follows", "File of follows: user_id, author_id or followed_user_id.")
@map_option
@click.option("--replace", is_flag=True, help="Items and users: empty the columns a file lacks.")
@click.option("--strict", is_flag=True, help="Stop at the first bad row.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(
    items: tuple[Path, ...],
    events: tuple[Path, ...],
    users: tuple[Path, ...],
    follows: tuple[Path, ...],
    column_names: tuple[str, ...],
    encoding: str,
    dates: str | None,
    replace: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """Read files into the store: CSV, TSV, JSON, JSON lines or Parquet, each also with .gz.

    Each option may be given several times. Reading the same file again changes nothing; a column
    that a file of items or users lacks stays as it is. Bad rows go to a file that is named at the
    end.
    """
    given = {"items": items, "users": users, "follows": follows, "events": events}
    files = {kind: paths for kind, paths in given.items() if paths}
    if not files:
        raise click.UsageError("name at least one file: --items F, --events F")
    options = read_options(column_names, encoding, dates)
    report = ingest(files, load_settings(), strict, options, replace)
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        print("\n".join(_described(report)))


if __name__ == "__main__":
    from ..cli import run

    run(command)
