"""`recsys digest`: what users have missed, printed or sent through the outbox.

recsys digest ann
recsys digest ann bob --days 1 --send
"""

from __future__ import annotations

import json
import time

import click

from recsys.digest import DAYS, MOST, Digest, digest
from recsys.errors import DataError
from recsys.store.exposures import Exposures
from recsys.store.outbox import Notice, Outbox
from recsys.store.pseudonyms import Pseudonyms

from ..cli import run
from ..command_audit import audited
from ..command_output import as_json
from ..environment import load_settings
from ..local_recommender import LocalService, open_service

_DAY = 86_400.0
_SHOWN = 100_000  # places of the log that are looked through, the newest first


@click.command(name="digest")
@click.argument("users", nargs=-1, required=True)
@click.option("--days", type=click.FloatRange(0, 400, min_open=True), default=DAYS)
@click.option("--max", "most", type=click.IntRange(3, 50), default=MOST, show_default=True)
@click.option("--lang", default="en", show_default=True, help="Language of sentences: en or zh.")
@click.option("--send", is_flag=True, help="Add a notice `user_digest`, one per user and day.")
@as_json
def command(
    users: tuple[str, ...], days: float, most: int, lang: str, send: bool, as_json: bool
) -> None:
    """Show what USERS have missed in the last days, or why there is nothing to say.

    With --send a digest goes to the webhooks and mail addresses that want `user_digest`; users
    without one get none.
    """
    settings, now = load_settings(), time.time()
    if blank := [user for user in users if not user.strip()]:
        raise DataError(f"{blank[0]!r} is no user id")
    with open_service(settings) as service, audited(service.store, "digest", *users):
        names = Pseudonyms.of_store(service.store)
        for user in users:
            person = names.of(user)
            since = now - days * _DAY
            shown = Exposures(service.store.db).shown_items(person, since, _SHOWN)
            made = digest(
                service.recommender,
                service.state(user),
                shown,
                since,
                now,
                most,
                lang,
                settings.repeat_categories,
            )
            if send and not made.why_not:
                _send(service, user, person, made)
            _print(user, made, as_json)


def _send(service: LocalService, user: str, person: str, made: Digest) -> None:
    day = int(made.until // _DAY)
    data = {
        "user_id": user,
        "start": made.since,
        "end": made.until,
        "items": len(made.item_ids),
        "text": made.text,
        "sections": made.sections_json,
    }
    subject = f"user_digest:{person}"
    notice = Notice("user_digest", data, f"user_digest:{person}:{day}", subject, person)
    Outbox(service.store.db).add(notice)


def _print(user: str, made: Digest, as_json: bool) -> None:
    if as_json:
        fields = {
            "user": user,
            "since": made.since,
            "until": made.until,
            "sections": made.sections_json,
            "text": made.text,
            "why_not": made.why_not or None,
        }
        print(json.dumps(fields, ensure_ascii=False))
    else:
        print(f"{user}: {made.why_not}" if made.why_not else f"{user}\n{made.text}")


if __name__ == "__main__":
    run(command)
