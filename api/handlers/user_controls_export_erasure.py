"""Handlers of user data: a user's controls, export and erasure, to JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from recsys.data.records import User
from recsys.errors import DataError
from recsys.ranking import user_controls
from recsys.serving.topic_example_titles import titles_of_unnamed
from recsys.store.dialogues import Dialogues
from recsys.store.erasure import Erasures, Receipt, erase, log_emptied
from recsys.store.exposures import Exposure
from recsys.store.user_controls import Control, Wish
from recsys.store.user_merges import MergeLog, merge_users

from ..errors import ApiError
from ..http.responses import encode
from ..runtime.app_state import AppState
from ..schemas.user_data import ForgetAll, LabelControl, ProfilePatch, Widen
from .account_names import account_names
from .ingestion import missing

_STORED = "The control is stored and holds for items to come."
_ACCOUNTS = ("author", "user")  # kinds of controls whose values are ids of accounts
_PAGE = 1_000  # events or lists that an export holds in memory at once
_COMPUTED = (
    "interests, communities and the likelihood to return are computed from these events when "
    "asked; nothing of them is stored",
)


def change_controls(service: AppState, user_id: str, given: ProfilePatch) -> list[Control]:
    """Store what a user decides; return what is in force. 409 when an id cannot be undone."""
    wishes = [_wish(one) for one in given.controls]
    with service.link.use() as store:
        try:
            return store.change_controls(user_id, wishes, given.undo, given.reset)
        except DataError as error:
            raise ApiError(409, str(error)) from None


def _wish(given: LabelControl | ForgetAll | Widen) -> Wish:
    if isinstance(given, ForgetAll | Widen):
        return Wish(given.action, given.kind)
    kind = "words" if given.kind == "word" else given.kind
    return Wish("boost" if given.action == "more" else given.action, kind, given.value)


def control_warnings(service: AppState, given: ProfilePatch) -> list[str]:
    """Return which of the controls reach no item at this moment; they are stored all the same."""
    serving = service.serving_or_none
    if serving is None:
        return []
    wishes = [_wish(one) for one in given.controls]
    result = [
        user_controls.unknown_label(serving.live, one.kind, one.value)
        for one in wishes
        if one.kind != "everything"
    ]
    return [f"{text}{'' if text[-1] == '?' else '.'} {_STORED}" for text in result if text]


def controls_json(service: AppState, controls: Sequence[Control]) -> list[dict[str, Any]]:
    """Return controls as JSON knows them, with names where topics, items and accounts are known."""
    accounts = account_names(service, (one.value for one in controls if one.kind in _ACCOUNTS))
    return [
        {
            **asdict(one),
            "name": (one.kind in _ACCOUNTS and accounts.get(one.value)) or _name(service, one),
            "titles": _titles(service, one),
        }
        for one in controls
    ]


def _titles(service: AppState, control: Control) -> list[str]:
    serving = service.serving_or_none
    if serving is None or control.kind != "topic":
        return []
    return titles_of_unnamed(serving.live, control.value)


def _name(service: AppState, control: Control) -> str | None:
    serving = service.serving_or_none
    if serving is None:
        return None
    if control.kind != "item":
        return user_controls.name_of(serving.live, control)
    row = serving.live.row(control.value)
    return serving.recommender.title(row) if row >= 0 else None


def erase_user(service: AppState, user_id: str) -> dict[str, Any]:
    """Remove a user with all that is held of them; return the receipt, 404 when nothing is."""
    service.exposures.forget(service.pseudonyms.of(user_id))
    with service.link.use() as store:
        receipt = erase(store, service.settings.home, user_id)
        before = Erasures(store.db).last_of(receipt.person) if receipt.empty else None
        emptied = log_emptied(store) if store.db.on_sqlite else before
    service.forget_answers()
    service.worker.load_keys()  # the tokens of this user end
    service.owed = service.owed or receipt.owed
    if before is not None:
        message = f"this user was erased on {_moment(before)}; nothing is held"
        if emptied is None or emptied < before:
            message += "; the store's write-ahead log still holds pages that were erased"
        raise ApiError(404, message, "erased")
    if receipt.empty:
        raise missing("user")
    return _receipt_json(user_id, receipt)


def merge(service: AppState, user_id: str, from_id: str) -> dict[str, Any]:
    """Move all that is held of one user to another; 404 when nothing is, 409 when both are one."""
    with service.link.use() as store:
        try:
            found = merge_users(store, user_id, from_id)
        except DataError as error:
            raise ApiError(409, str(error)) from None
    if found is None:
        raise ApiError(404, f"nothing is held of a user {from_id!r}")
    service.exposures.move(found.from_person, found.person)
    service.forget_answers()
    return {
        "user": found.user_id,
        "from": found.from_id,
        "person": found.person,
        "from_person": found.from_person,
        "at": found.at,
        "moved": found.moved,
        "again": found.again,
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _receipt_json(user_id: str, receipt: Receipt) -> dict[str, Any]:
    return {
        "user": user_id,
        "person": receipt.person,
        "at": receipt.at,
        "deleted": receipt.removed,
        "places": [asdict(place) for place in receipt.places],
        "kept": list(receipt.kept),
        "log_emptied": receipt.log_emptied,
    }


def exported(service: AppState, user_id: str, inferences: dict[str, Any]) -> Iterator[bytes]:
    """Return all that is held of a user as JSON, piece by piece; 404 at once when unknown.

    `inferences`: what is inferred of the user's future.
    """
    with service.link.use() as store:
        user = store.user(user_id)
        follows = [asdict(one) for one in store.follows_of(user_id)]
        log = [asdict(one) for one in store.control_log(user_id)]
        shares = store.shares_by(user_id)
        merged = [{"from": old, "at": at} for old, at in MergeLog(store.db).of_user(user_id)]
        person = service.pseudonyms.of(user_id)
        talks = [
            {"dialogue_id": one.id, "turns": [asdict(turn) for turn in turns]}
            for one, turns in Dialogues(store.db).of_person(person)
        ]
        looks = [
            {"at": one.at, "action": one.entry.action, "outcome": one.entry.outcome}
            for one in service.link.audit_log().page(person=person, n=_PAGE)
        ]
    if user is None:
        if not talks:
            raise missing("user")
        user = User(user_id)
    head = {
        "user": asdict(user),
        "exported_at": time.time(),
        "person": person,
        "follows": follows,
        "shares": shares,
        "controls": log,
        "merged": merged,
        "inferences": inferences,
        "looks": looks,
        "dialogues": talks,
    }
    return _pieces(service, user, head)


def _pieces(service: AppState, user: User, head: dict[str, Any]) -> Iterator[bytes]:
    yield encode(head)[:-1].encode() + b',"events":['
    yield from _listed(_events(service, user.user_id))
    yield b'],"shown":['
    yield from _listed(_shown(service, head["person"]))
    yield b'],"held_by_no_one":' + json.dumps(_COMPUTED).encode() + b"}"


def _listed(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    for place, row in enumerate(rows):
        yield (b"," if place else b"") + encode(row).encode()


def _events(service: AppState, user_id: str) -> Iterator[dict[str, Any]]:
    last = 0
    while True:
        with service.link.use() as store:
            page = store.events_of(user_id, last, _PAGE)
        yield from (event._asdict() for event in page)
        if len(page) < _PAGE:
            return
        last = page[-1].id


def _places(one: Exposure) -> list[dict[str, Any]]:
    """Return the places of a list; `probability` is the propensity's earlier name in exports."""
    return [{**asdict(place), "probability": place.propensity} for place in one.items]


def _shown(service: AppState, person: str) -> Iterator[dict[str, Any]]:
    last = ""
    while True:
        with service.link.use():
            log = service.link.exposures()
            page = log.shown_lists(person, last, _PAGE)
            came = log.came_of([one.recommendation_id for one in page])
        for one in page:
            own = [asdict(c) for c in came if c.recommendation_id == one.recommendation_id]
            known = asdict(one)
            variant = known.pop("arms")
            yield {**known, "variant": variant, "items": _places(one), "outcomes": own}
        if len(page) < _PAGE:
            return
        last = page[-1].recommendation_id
