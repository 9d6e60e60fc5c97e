"""Digests: a notice per group with what the watches of a day or a week have brought."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recsys.monitoring.alert_sentences import digest_line, in_all
from recsys.monitoring.opinion_shares import LEAST_PEOPLE, Shares, Sums, corrected
from recsys.store.alerts import Alert, Alerts
from recsys.store.leases import check_lease
from recsys.store.outbox import Notice, add_notice
from recsys.store.schema import notices
from recsys.store.store import Store
from recsys.store.watches import HOUR, HourCount, Watch, Watches

DAY = 24 * HOUR
AT_HOUR = 6  # UTC, at which a digest is made
MONDAY = 4 * DAY  # 1970-01-05, a Monday
LISTED = 50  # watches of a group that a digest describes
PERIODS = {"day": DAY, "week": 7 * DAY}


def period_before(period: str, now: float) -> tuple[float, float]:
    """Return start and end of the last whole day or week (from Monday), at AT_HOUR UTC."""
    length = PERIODS[period]
    offset = MONDAY + AT_HOUR * HOUR
    end = (now - offset) // length * length + offset
    return end - length, end


def write_digests(store: Store, watches: Sequence[Watch], token: int, now: float) -> int:
    """Add the digests that are due, once each; return how many are new."""
    count = 0
    for period in PERIODS:
        groups: dict[str, list[Watch]] = {}
        for one in watches:
            if one.digest == period:
                groups.setdefault(one.group or one.name, []).append(one)
        start, end = period_before(period, now)
        for group, some in groups.items():
            key = f"watch_digest:{period}:{end:.0f}:{group}"
            if all(one.created < end for one in some) and not _is_there(store, key):
                notice = _notice(store, group, some, period, start, end, key)
                with store.db.write() as connection:
                    check_lease(connection, "watch", token)
                    add_notice(connection, notice)
                count += 1
    return count


def _is_there(store: Store, key: str) -> bool:
    with store.db.read() as connection:
        query = notices.select().where(notices.c.key == key)
        return connection.execute(query).first() is not None


def _notice(
    store: Store,
    group: str,
    some: Sequence[Watch],
    period: str,
    start: float,
    end: float,
    key: str,
) -> Notice:
    lines = digest(store, some[:LISTED], start, end)
    data = {
        "period": period,
        "group": group,
        "start": start,
        "end": end,
        "alerts": sum(len(one["alerts"]) for one in lines),
        "watches": lines,
    }
    data |= in_all("text", lambda name: "\n".join(digest_line(one, name) for one in lines))
    return Notice("watch_digest", data, key, f"digest:{group}")


def digest(store: Store, some: Sequence[Watch], start: float, end: float) -> list[dict[str, Any]]:
    """Return what the watches of a period have brought, and of the period before."""
    counts = Watches(store.db)
    alerts: dict[int, list[Alert]] = {}
    for alert in Alerts(store.db).between(start, end):
        alerts.setdefault(alert.watch, []).append(alert)
    found = []
    for one in some:
        first, middle, last = (int(at // HOUR) for at in (2 * start - end, start, end))
        both = counts.counts(one.id, first, last)
        now = [row for row in both if row.hour >= middle]
        before = [row for row in both if row.hour < middle]
        mine = alerts.get(one.id, [])
        found.append(
            {
                "watch": one.id,
                "name": one.name,
                "texts": sum(row.texts for row in now),
                "texts_before": sum(row.texts for row in before),
                "people": sum(row.people for row in now),
                "shares": as_json(shares_of(now)),
                "shares_before": as_json(shares_of(before)),
                "alerts": [{"alert": a.id, "kind": a.kind, "fired": a.fired} for a in mine],
            }
        )
    return found


def shares_of(counts: Sequence[HourCount]) -> Shares | None:
    """Return the corrected shares of some counts; None for too few texts or people."""
    if sum(one.people for one in counts) < LEAST_PEOPLE:
        return None
    return corrected([_sums([one for one in counts if one.script == script]) for script in (0, 1)])


def _sums(counts: Sequence[HourCount]) -> Sums:
    texts = float(sum(one.texts for one in counts))
    negative, positive = (
        float(sum(getattr(one, name) for one in counts)) for name in ("p_negative", "p_positive")
    )
    low, high = (
        float(sum(getattr(one, name) for one in counts)) for name in ("negative", "positive")
    )
    return Sums(
        texts, (negative, texts - negative - positive, positive), (low, texts - low - high, high)
    )


def as_json(shares: Shares | None) -> dict[str, Any] | None:
    """Return shares with their intervals as JSON knows them."""
    if shares is None:
        return None
    names = ("negative", "neutral", "positive")
    both = zip(names, shares.share, shares.low, shares.high, strict=True)
    return {"texts": shares.texts} | {
        name: {"share": share, "low": low, "high": high} for name, share, low, high in both
    }
