"""`recsys deliver`: delivers notices by webhook and mail, as a process of its own.

Workers of the service do the same unless RECSYS_DELIVER is off; the holder of the lease works.

recsys deliver             # goes on until it is stopped
recsys deliver --once      # what is due now
"""

from __future__ import annotations

import json
import logging
import signal
import threading

import click

from recsys.delivery.deliverer import LEASE_SECONDS, deliverer
from recsys.delivery.mail import MailServer
from recsys.delivery.public_addresses import networks
from recsys.errors import StoreError
from recsys.store.store import Store

from ..cli import run
from ..environment import load_settings

log = logging.getLogger("recsys.jobs")
_POSITIVE = click.FloatRange(0, min_open=True)


@click.command(name="deliver")
@click.option("--once", is_flag=True, help="Deliver what is due now, and end.")
@click.option(
    "--poll", type=_POSITIVE, default=1.0, show_default=True, help="Seconds between looks."
)
@click.option(
    "--lease",
    type=click.FloatRange(min=1.0),
    default=LEASE_SECONDS,
    show_default=True,
    help="Seconds after which another process takes over from one that was killed.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(once: bool, poll: float, lease: float, as_json: bool) -> None:
    """Deliver notices to webhooks and mail addresses."""
    settings, stop = load_settings(), threading.Event()
    server = MailServer.of(settings.smtp, settings.mail_from)
    allowed = networks(settings.webhook_networks)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Store.open(settings.store_url) as store:
        work = deliverer(
            store, server, settings.public_url, allowed, settings.notice_retry_seconds, lease
        )
        count = 0
        while not stop.is_set():
            try:
                count += work.run_once(stop)
            except StoreError as error:
                if once:
                    raise
                log.warning("deliveries wait: %s", error)
            if once or stop.wait(poll):
                break
        left = work.outbox.counts()
    if as_json:
        print(json.dumps({"tries": count, **left}))
    else:
        print(f"{count} tries; {left['pending']} deliveries are pending, {left['dead']} dead")


if __name__ == "__main__":
    run(command)
