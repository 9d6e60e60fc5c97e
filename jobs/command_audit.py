"""Audit log entries of commands that read user data or change keys or bundles."""

from __future__ import annotations

import getpass
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from recsys.errors import StoreError
from recsys.store.audit_log import AuditLog, Entry
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.store import Store

log = logging.getLogger("recsys.jobs")


@dataclass(slots=True)
class AuditedCommand:
    """What a command does; `object` may be set while it works."""

    object: str = ""


def actor() -> str:
    """Return how the audit log names the caller of this command: by the account of the machine."""
    try:
        return f"command:{getpass.getuser()}"
    except (KeyError, OSError):  # an account without a name, as in some containers
        return "command"


@contextmanager
def audited(
    store: Store, command: str, *user_ids: str, object: str = "", erases: bool = False
) -> Iterator[AuditedCommand]:
    """Write an entry per user, or one, when the command ends, with how it ended.

    `erases`: the links to the users go, so that none is made.
    """
    audit_log, act = AuditLog(store.db), AuditedCommand(object)
    names = Pseudonyms.of_store(store)
    users = [names.of(user_id) for user_id in user_ids]
    subjects = [audit_log.known_subject(one) if erases else audit_log.subject(one) for one in users]
    outcome = "failed"
    try:
        yield act
        outcome = "done"
    finally:
        audit_log.append(_entries(command, subjects, act.object, outcome))


def record(store_url: str, command: str, object: str) -> None:
    """Write an entry of something done that must not fail for want of a store; log that instead."""
    try:
        with Store.open(store_url) as store:
            AuditLog(store.db).append(_entries(command, [], object, "done"))
    except StoreError as error:
        log.warning("the audit log has no entry of this: %s", error)


def _entries(command: str, subjects: Sequence[str], object: str, outcome: str) -> list[Entry]:
    return [
        Entry(actor(), "", f"recsys {command}", "", subject, object[:512], outcome)
        for subject in subjects or [""]
    ]
