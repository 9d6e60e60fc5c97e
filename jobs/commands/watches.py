"""`recsys watch`: saved queries over texts, their preview, alerts and digest.

recsys watch add battery '"battery fire" OR 电池起火' --group products --digest day
recsys watch test 'topic:17 AND tone:negative'
recsys watch list
recsys watch alerts
recsys watch digest --period week
"""

from __future__ import annotations

import json
import time
from typing import Any

import click

from recsys.bundle_store import BundleStore
from recsys.errors import DataError, RecsysError
from recsys.monitoring.alert_detection import Setting
from recsys.monitoring.alert_sentences import summary
from recsys.monitoring.watch_digest import PERIODS, digest
from recsys.monitoring.watch_preview import first_look, preview
from recsys.monitoring.watch_query import parse
from recsys.monitoring.watched_text import conditions_of
from recsys.monitoring.watched_text_reader import WatchedTextReader
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.store.alerts import Alerts
from recsys.store.text_log import WatchedLog
from recsys.store.watches import DIGESTS, HOUR, LEVELS, Watches
from recsys.text.sentiment.scorer import SentimentScorer

from ..cli import run
from ..command_audit import actor, audited
from ..command_output import as_json, moment_text
from ..command_store import open_store
from ..environment import load_settings

level = click.option("--level", type=click.Choice(LEVELS), default="normal", show_default=True)
least = click.option(
    "--least-people", type=click.IntRange(3, 10_000), default=10, show_default=True
)


@click.group(name="watch")
def command() -> None:
    """Add, try, list and remove watches over texts; show their alerts and a digest."""


@command.command()
@click.argument("name")
@click.argument("query")
@click.option("--group", default="", help="Alerts of one group are one notice.")
@level
@least
@click.option("--digest", type=click.Choice(DIGESTS), default="none", show_default=True)
@as_json
def add(
    name: str, query: str, group: str, level: str, least_people: int, digest: str, as_json: bool
) -> None:
    """Save QUERY as the watch NAME; warns where it holds for all or none of the newest texts."""
    part = parse(query)
    values = {
        "name": name,
        "query": conditions_of(part),
        "group": group,
        "level": level,
        "least_people": least_people,
        "digest": digest,
        "created_by": actor(),
    }
    with open_store() as store:
        with audited(store, "watch add", object=name):
            last = WatchedLog(store.db).last_item() + 1, store.last_event_id() + 1
            made = Watches(store.db).add(values, *last)
        reader = WatchedTextReader(_live(), SentimentScorer(load_settings().home), "preview")
        warnings = first_look(store, reader, part)
    if as_json:
        print(json.dumps({"id": made.id, **values, "warnings": warnings}, ensure_ascii=False))
    else:
        print(f"watch {made.id}: {made.query}")
        for warning in warnings:
            click.echo(f"warning: {warning}", err=True)


@command.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the watches, oldest first."""
    with open_store() as store:
        found = Watches(store.db).every()
    for one in found:
        fields = {"id": one.id, "name": one.name, "query": one.query, "group": one.group}
        fields |= {"level": one.level, "digest": one.digest, "backfilled": one.backfilled}
        if as_json:
            print(json.dumps(fields, ensure_ascii=False))
        else:
            print(f"{one.id}  {one.name}  {one.query}  [{one.level}, {one.backfilled:.0%} counted]")
    if not found and not as_json:
        click.echo("no watch", err=True)


@command.command()
@click.argument("query")
@level
@least
@as_json
def test(query: str, level: str, least_people: int, as_json: bool) -> None:
    """Show what QUERY holds for, and the alerts it would have made in the last 30 days."""
    settings, part = load_settings(), parse(query)
    with open_store() as store:
        reader = WatchedTextReader(_live(), SentimentScorer(settings.home), "preview")
        found = preview(store, reader, part, Setting(level, least_people))
    if as_json:
        print(json.dumps({"query": conditions_of(part), **found}, ensure_ascii=False))
        return
    print(f"{found['texts']} of {found['texts_read']} texts by {found['people']} people")
    if found["shares"]:
        names = ("negative", "neutral", "positive")
        print(", ".join(f"{name} {found['shares'][name]['share']:.0%}" for name in names))
    for one in found["alerts"]:
        print(f"{moment_text(one['at'])}  {one['kind']}  {one['people']} people")
    for warning in found["warnings"]:
        click.echo(f"warning: {warning}", err=True)


@command.command()
@click.argument("watch")
def remove(watch: str) -> None:
    """Remove a WATCH by its number or its name, with its counts and alerts."""
    with open_store() as store, audited(store, "watch remove", object=watch):
        every = Watches(store.db).every()
        found = [one.id for one in every if str(one.id) == watch]
        found = found or [one.id for one in every if one.name == watch]
        if not found or not Watches(store.db).remove(found[0]):
            raise DataError(f"there is no watch {watch}: see `recsys watch list`")
    print(f"watch {found[0]} removed")


@command.command()
@click.option("-n", "--n", "count", type=click.IntRange(1, 1000), default=50, show_default=True)
@as_json
def alerts(count: int, as_json: bool) -> None:
    """List the newest alerts."""
    with open_store() as store:
        names = {one.id: one.name for one in Watches(store.db).every()}
        found = Alerts(store.db).page(n=count)
    for one in found:
        fields: dict[str, Any] = {"id": one.id, "watch": one.watch, "kind": one.kind}
        fields |= {"state": one.state, "fired": one.fired, "body": dict(one.body)}
        if as_json:
            print(json.dumps(fields, ensure_ascii=False))
        else:
            sentence = summary(one, names.get(one.watch, ""))
            at = moment_text(one.fired or one.began)
            print(f"{one.id}  {at}  {one.state}  {one.kind}  {sentence}")
    if not found and not as_json:
        click.echo("no alert", err=True)


@command.command("digest")
@click.option("--period", type=click.Choice(sorted(PERIODS)), default="day", show_default=True)
@as_json
def digest_(period: str, as_json: bool) -> None:
    """Show what the watches have brought in the last day or week, with the hour that runs."""
    end = (time.time() // HOUR + 1) * HOUR
    with open_store() as store:
        found = digest(store, Watches(store.db).every(), end - PERIODS[period], end)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        shares = one["shares"]
        tone = f", {shares['negative']['share']:.0%} negative" if shares else ""
        texts = f"{one['texts']} texts ({one['texts_before']} before)"
        print(f"{one['name']}: {texts}{tone}, {len(one['alerts'])} alerts")


def _live() -> LiveState | None:
    """Return the items of the bundle in service, for topics and entities; None without one."""
    try:
        return LiveState(BundleStore(load_settings().home).load_current(Model.from_raw))
    except RecsysError:
        return None


if __name__ == "__main__":
    run(command)
