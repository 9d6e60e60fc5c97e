"""/suspects: groups of accounts that act together unusually, and their items; read-only."""

from __future__ import annotations

from typing import Any

from flask import g

from recsys.data.account_mix_anomalies import ALARMS
from recsys.serving.live_state import LiveState
from recsys.serving.suspicious_groups import (
    SuspiciousGroup,
    expected_shares,
    properties,
    suspicious_groups,
)

from ..handlers import list_pagination
from ..http.endpoint_declaration import Routes
from ..schemas.suspicious_groups import Suspects, SuspectsQuery
from .request_context import service

routes = Routes("suspects")

MOST = 1_000  # accounts that are read of a group
SHOWN = 100


@routes.get("/suspects", "suspects", query=SuspectsQuery, answers=Suspects, fails=(409,))
def page(query: SuspectsQuery) -> dict[str, Any]:
    """Groups of accounts whose acts on an item count like one user's, the latest first.

    Each with the evidence: how many have which property, and how many were to be expected. What
    an erased user did is in no group. Callers without the right `history` read pseudonyms.
    """
    service().see_changes()
    serving = service().serving
    found = suspicious_groups(serving.live)
    keys = [serving.live.item_id(group.row) for group in found]
    places, more = list_pagination.part(keys, query.after, query.n, "group")
    shown = found[places]
    return {
        "model_version": serving.version,
        "groups": [described(serving.live, group) for group in shown],
        "next": list_pagination.following("/suspects", query, keys[places][-1]) if more else None,
    }


def described(live: LiveState, group: SuspiciousGroup) -> dict[str, Any]:
    """Return a group as JSON knows it; reads its accounts, a pass over the events of its item."""
    at_hand, item_id = service(), live.item_id(group.row)
    with at_hand.link.use() as store:
        accounts = store.accounts_on(item_id, group.first, group.last, MOST)
    names, expected = properties(accounts), expected_shares(live)
    tests = {name for name, _ in group.tests}
    some = [
        (account, own) for account, own in zip(accounts, names, strict=True) if tests & set(own)
    ]
    return {
        "item_id": item_id,
        "item": live.document(group.row),
        "voices": group.unique_users,
        "first": group.first,
        "last": group.last,
        "evidence": [
            {
                "name": name,
                "voices": count,
                "expected_share": expected[name],
                "observed_share": sum(name in own for own in names) / max(len(names), 1),
            }
            for name, count in group.tests
        ],
        "false_alarm_rate": ALARMS,
        "accounts": [
            {
                "user_id": account.user_id if "history" in g.rights else None,
                "pseudonym": at_hand.pseudonyms.of(account.user_id),
                "at": account.at,
                "since": account.first_act,
                "items": account.items,
                "properties": list(own),
            }
            for account, own in some[:SHOWN]
        ],
        "more_accounts": max(len(some) - SHOWN, 0),
    }
