"""`recsys audit`: prints audit log entries (reads of user data, changes by operators).

recsys audit --user ann --since 2026-11-01
recsys audit --verify                    # prints the hash of the newest entry: keep it elsewhere
recsys audit --verify --head HASH        # the log goes on from there, unchanged
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

import click

from recsys.data.id_normalization import canonical_id
from recsys.data.parsing import parse_any_time
from recsys.errors import DataError
from recsys.store.audit_log import AuditLog, StoredEntry
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.store import Store

from ..cli import run
from ..command_audit import audited
from ..environment import load_settings


@click.command(name="audit")
@click.option("--actor", default="", help="Id of a key, loopback, command:ACCOUNT.")
@click.option("--user", help="A user's id, or the subject that stands for a person in entries.")
@click.option("--route", default="", help="Part of the route or command.")
@click.option("--since", help="A date or a time, UTC where it has no zone; included.")
@click.option("--until", help="The same; left out.")
@click.option("-n", "--n", "count", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--verify", is_flag=True, help="Compute the chain of hashes anew instead.")
@click.option("--head", default="", help="With --verify: a hash that an earlier one printed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    actor: str,
    user: str | None,
    route: str,
    since: str | None,
    until: str | None,
    count: int,
    verify: bool,
    head: str,
    as_json: bool,
) -> None:
    """List entries of the audit log, the newest first, or verify that none was changed.

    Exit status 1 when the log is not as it was written.
    """
    if head and not verify:
        raise click.UsageError("--head belongs to --verify")
    begin, end = parse_any_time(since, "--since"), parse_any_time(until, "--until")
    with Store.open(load_settings().store_url) as store:
        if verify:
            _verify(AuditLog(store.db), head, as_json)
            return
        with audited(store, "audit", *([canonical_id(user)] if user else [])):
            found = AuditLog(store.db).page(
                actor=actor,
                person=Pseudonyms.of_store(store).of(canonical_id(user)) if user else "",
                subject=user or "",
                action=route,
                since=begin,
                until=end,
                n=count,
            )
    if as_json:
        print(json.dumps([_document(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        print(_line(one))
    if not found:
        click.echo("no entry", err=True)


def _verify(log: AuditLog, head: str, as_json: bool) -> None:
    found = log.verify(head)
    if as_json:
        print(json.dumps(asdict(found)))
    elif not found.problems:
        print(f"{found.entries} entries, the chain is whole; the newest has the hash {found.head}")
    if found.problems:
        if as_json:
            raise SystemExit(1)
        raise DataError(f"the audit log is not as it was written: {'; '.join(found.problems)}")


def _document(one: StoredEntry) -> dict[str, object]:
    return {"id": one.id, "at": one.at, **asdict(one.entry), "hash": one.hash}


def _line(one: StoredEntry) -> str:
    """Return an entry as a line: time in UTC, actor, action, subject, object, outcome."""
    entry, at = one.entry, datetime.fromtimestamp(one.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    parts = (at, entry.actor, entry.action, entry.subject or "-", entry.object or "-")
    return "  ".join((*parts, entry.outcome))


if __name__ == "__main__":
    run(command)
