"""Report of an ingest: counts of files, and the lines that say what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sized
from typing import Any

from .ingested_event_summary import statistics_lines
from .rejected_rows import Rejects

Report = dict[str, Any]  # what became of one file; JSON-able


def all_rejected(rejects: Rejects) -> str:
    """Return the sentence for a file without one good row: the first of each reason."""
    first, *others = list(rejects.examples.values())[:3]
    result = "".join(f"; then {other.line}: {other.column} {other.reason}" for other in others)
    way = "".join(f"; {line}" for line in encoding_advice(rejects))
    return f"every row was rejected; the first: {first}{result}{way}; all of them: {rejects.path}"


def encoding_advice(rejects: Rejects) -> Iterator[str]:
    """Yield how to name the encoding of a file, where cells were rejected for theirs."""
    if any("UTF-8" in reason for reason in rejects.reasons):
        yield (
            "cells are not UTF-8: name the encoding of the file, as in --encoding cp1252 (Western "
            "Europe), cp1250 (Central Europe), cp1251 (Cyrillic), shift_jis or euc_jp (Japanese), "
            "cp949 (Korean), big5 (traditional Chinese)"
        )


def changed_counts(count: int, rows: Sized) -> Report:
    """Return how many of some rows changed something, and how many did not."""
    return {"changed": count, "unchanged": len(rows) - count}


def add_counts(report: Report, part: Report) -> None:
    """Add the counts of some rows to those of their file."""
    for name, count in part.items():
        report[name] = report.get(name, 0) + count


def joined_reports(reports: list[Report]) -> Report:
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


def report_lines(report: Report) -> Iterator[str]:
    """Yield the lines that a command prints: counts, columns, rejected rows and notes."""
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
        yield from statistics_lines(parts["events"])
    yield "the store holds " + ", ".join(f"{n:,} {kind}" for kind, n in report["store"].items())
    for _, part in files:
        for line in part["notes"]:
            yield f"{part['file']}: {line}"
