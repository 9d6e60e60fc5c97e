"""Display names of authors and users in answers, read when an answer is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from recsys.errors import StoreError

from ..runtime.app_state import AppState


def account_names(service: AppState, ids: Iterable[str]) -> Mapping[str, str]:
    """Return the display names of authors and users by id; absent where there is none.

    Empty while the store cannot be reached: answers that need nothing else of it show ids then.
    """
    distinct_ids = {one for one in ids if one}
    if not distinct_ids:
        return {}
    try:
        with service.link.use() as store:
            return store.names_of(distinct_ids)
    except StoreError:
        return {}


def name_authors(service: AppState, series: Iterable[dict[str, Any] | None]) -> None:
    """Put display names in place of ids where trends or other series are of an author, in place.

    `series`: with the fields kind, id and name.
    """
    own = [one for one in series if one is not None and one["kind"] == "author"]
    names = account_names(service, (one["id"] for one in own))
    for one in own:
        one["name"] = names.get(one["id"], one["name"])
