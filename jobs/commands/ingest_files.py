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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from recsys.data.equal_event_numbering import Occurrences
from recsys.data.file_opening import check_file
from recsys.data.header_naming import Shape
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
from recsys.data.partial_updates import Row, filled_items, filled_users
from recsys.data.reading_report import Options, Reading, Reject
from recsys.data.record_reader import read_records
from recsys.data.records import Event, Follow, Item, User
from recsys.errors import DataError
from recsys.safety.flags import KEY
from recsys.safety.item_screening import forget_detected, screen
from recsys.safety.text_rules import Scorer, by_words, load_scorer
from recsys.settings import Settings
from recsys.store.event_writer import BATCH, UNDATED
from recsys.store.store import Added, Store

from ..environment import load_settings
from ..file_options import file_option, map_option, read_options
from ..ingest_report import (
    Report,
    add_counts,
    all_rejected,
    changed_counts,
    encoding_advice,
    joined_reports,
    report_lines,
)
from ..ingested_event_summary import IngestStatistics
from ..progress import job_progress
from ..rejected_rows import Rejects
from ..remembered_event_columns import EventFileReadings

T = TypeVar("T")
REFUSED = "refused"  # of a part of a report: rows that go against what is known of their items
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
            return changed_counts(self.store.add_users(filled_users(_values(rows), known)), rows)

        return self._file("users", path, read_partial_users, add)

    def follows(self, path: Path) -> Report:
        """Read a file of follows into the store."""

        def add(rows: list[tuple[int, Follow]]) -> Report:
            return changed_counts(self.store.add_follows(_values(rows)), rows)

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
                add_counts(report, part)
                report["rows"] += len(rows) - len(refused)
                if total:
                    self.progress.advance(min(rows[-1][0], total), total)
        report["read"] = report["rows"] + reading.continued + rejects.count
        report["rejected"] = rejects.count
        report["rejected_by"] = dict(rejects.reasons.most_common())
        report["reject_file"] = str(rejects.path) if rejects.count else None
        report["skipped"] = dict(reading.skipped)
        report["columns"], report["renamed"] = reading.columns, reading.renamed
        report["unused"], report["metadata"] = reading.unused, reading.kept
        report["notes"] = [
            *notes(reading),
            *encoding_advice(rejects),
            *warnings(source, report),
        ]
        report["seconds"] = round(time.perf_counter() - start, 3)
        if rejects.count and not report["rows"]:
            raise DataError(all_rejected(rejects))
        shown = {k: v for k, v in report.items() if k not in ("file", "seconds") and v is not None}
        self.progress.finished(name, report["seconds"], shown, False)
        return report


def _refused(path: Path, line: int, row: Row[Item], error: FieldError) -> Reject:
    """Return a row that goes against what is known of its item, as a reject."""
    known = {name: getattr(row.value, name, None) for name in sorted(row.names)}
    raw = json.dumps({**known, "item_id": row.value.item_id}, ensure_ascii=False, default=str)
    return Reject(str(path), line, error.column, error.reason, raw)


def _values(rows: list[tuple[int, T]]) -> Iterator[T]:
    return (row for _, row in rows)


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
            kind: joined_reports([kinds[kind](path) for path in lists[kind]])
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
    gc.set_threshold(1_000_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


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
    headers: tuple[str, ...],
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
    options = read_options(column_names, encoding, dates, headers)
    report = ingest(files, load_settings(), strict, options, replace)
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        print("\n".join(report_lines(report)))


if __name__ == "__main__":
    from ..cli import run

    run(command)
