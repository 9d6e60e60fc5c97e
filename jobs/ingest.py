"""`recsys ingest`: files of items, events, users and follows into the store.

    recsys ingest --items items.csv --events events.csv.gz
    python -m jobs.ingest --events more.jsonl --strict --json

Reading a file again changes nothing, so a run that was killed is simply run again. Bad rows go to
a file under <home>/rejects; `--strict` stops at the first instead.
"""

from __future__ import annotations

import gc
import hashlib
import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from recsys.data.event_log import BATCH
from recsys.data.files import check_file
from recsys.data.readers import (
    Row,
    count_lines,
    read_events,
    read_follows,
    read_items,
    read_users,
)
from recsys.data.schema import Event, Item
from recsys.data.store import Added, Store
from recsys.errors import DataError
from recsys.safety.doubt import Scorer, by_words, load_scorer
from recsys.safety.flags import KEY
from recsys.safety.screen import screen

from .progress import job_progress
from .rejects import Rejects
from .settings import Settings

T = TypeVar("T")
Report = dict[str, Any]  # what became of one file; JSON-able


class Progress(Protocol):
    """What ingest tells about how far it is."""

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

    def items(self, path: Path) -> Report:
        """Read a file of items into the store, what is doubtful about them noted."""

        def add(rows: list[tuple[int, Item]], source: str) -> Report:
            found = screen(self.store, list(_values(rows)), self.scorer)
            changed = self.store.add_items(found.items, prints=found.prints)
            return {"changed": changed, "flagged": sum(KEY in i.metadata for i in found.items)}

        return self._file("items", path, read_items, add)

    def users(self, path: Path) -> Report:
        """Read a file of users into the store."""
        add = self.store.add_users
        return self._file("users", path, read_users, lambda rows, _: _changed(add(_values(rows))))

    def follows(self, path: Path) -> Report:
        """Read a file of follows into the store."""
        add = self.store.add_follows
        return self._file(
            "follows", path, read_follows, lambda rows, _: _changed(add(_values(rows)))
        )

    def events(self, path: Path) -> Report:
        """Read a file of events into the store; each counts once, however often it is read."""

        def add(rows: list[tuple[int, Event]], source: str) -> Report:
            added: Added = self.store.add_events(_values(rows), source, (line for line, _ in rows))
            return asdict(added)

        return self._file("events", path, read_events, add)

    def _file(
        self,
        name: str,
        path: Path,
        read: Callable[[Path, bool], Iterator[Row[T]]],
        add: Callable[[list[tuple[int, T]], str], Report],
    ) -> Report:
        start = time.perf_counter()
        self.progress.started(name)
        source, total = _sha256(path), count_lines(path)
        report: Report = {"file": str(path), "rows": 0}
        rejects = Rejects(self.home / "rejects" / f"{name}-{source[:12]}.jsonl")
        with rejects.open():
            good = rejects.taken_out(read(path, self.strict))
            while rows := list(itertools.islice(good, BATCH)):
                _sum(report, add(rows, source))
                report["rows"] += len(rows)
                if total:
                    self.progress.advance(min(rows[-1][0], total), total)
        report["rejected"] = rejects.count
        report["reject_file"] = str(rejects.path) if rejects.count else None
        report["seconds"] = round(time.perf_counter() - start, 3)
        if rejects.count and not report["rows"]:
            raise DataError(f"every row was rejected; the first: {rejects.first}; {rejects.path}")
        shown = {k: v for k, v in report.items() if k not in ("file", "seconds") and v is not None}
        self.progress.finished(name, report["seconds"], shown, False)
        return report


def _values(rows: list[tuple[int, T]]) -> Iterator[T]:
    return (row for _, row in rows)


def _changed(count: int) -> Report:
    return {"changed": count}


def _sum(report: Report, part: Report) -> None:
    for name, count in part.items():
        report[name] = report.get(name, 0) + count


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


def ingest(files: Mapping[str, Path], settings: Settings, strict: bool = False) -> Report:
    """Read files, by kind (items, users, follows, events), into the store of the settings.

    Returns a report per kind and the store's counts. All files are looked at before any is read.
    """
    for path in files.values():
        check_file(path)
    store_of = Store.open(settings.store_url, bulk=True)
    with _seldom_collected(), store_of as store, job_progress("ingest") as progress:
        work = Ingest(store, settings.home, strict, progress, load_scorer(settings.safety_model))
        kinds = {k: getattr(work, k) for k in ("items", "users", "follows", "events")}
        report: Report = {kind: kinds[kind](files[kind]) for kind in kinds if kind in files}
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


def _told(report: Report) -> Iterator[str]:
    for kind, part in report.items():
        if kind == "store":
            continue
        counts = ", ".join(
            f"{part[k]:,} {k}" for k in ("new", "changed", "duplicates", "flagged") if k in part
        )
        rate = part["rows"] / max(part["seconds"], 1e-9)
        yield f"{kind}: {part['rows']:,} rows in {part['seconds']:.1f} s ({rate:,.0f}/s): {counts}"
        if part["rejected"]:
            yield f"{kind}: {part['rejected']:,} bad rows were left out: {part['reject_file']}"
    yield "the store holds " + ", ".join(f"{n:,} {kind}" for kind, n in report["store"].items())


def _file_option(name: str, words: str) -> Callable[[Any], Any]:
    return click.option(f"--{name}", type=click.Path(path_type=Path), metavar="F", help=words)


@click.command("ingest")
@_file_option("items", "file of items: item_id, title, text, tags, category, …")
@_file_option("events", "file of events: user_id, item_id, event, value, text, timestamp")
@_file_option("users", "file of users: user_id, name, interests, language")
@_file_option("follows", "file of follows: user_id, author_id or followed_user_id")
@click.option("--strict", is_flag=True, help="stop at the first bad row")
@click.option("--json", "as_json", is_flag=True, help="print the report as JSON")
def command(
    items: Path | None,
    events: Path | None,
    users: Path | None,
    follows: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Read files into the store: .csv, .jsonl or .parquet, each also with .gz.

    Reading the same file again changes nothing. Bad rows go to a file that is named at the end.
    """
    given = {"items": items, "users": users, "follows": follows, "events": events}
    files = {kind: path for kind, path in given.items() if path is not None}
    if not files:
        raise click.UsageError("name at least one file: --items F, --events F")
    report = ingest(files, Settings.load(), strict)
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        print("\n".join(_told(report)))


if __name__ == "__main__":
    from .cli import run

    run(command)
