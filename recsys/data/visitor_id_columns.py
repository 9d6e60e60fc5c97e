"""Anonymous ids: who acted where nobody was signed in.

Exports of analytics tools have two columns for the person: the account (`userId`), empty for
visitors, and an id of the device or browser (`anonymousId`, `user_pseudo_id`, `device_id`). A row
without an account belongs to the user of that second id; `recsys merge` joins both later.
"""

from __future__ import annotations

from typing import Any

from recsys.data.id_normalization import is_null

USER = "user_id"
ANONYMOUS = "user_id:anonymous"  # the second id in a record
NAMES = tuple(
    """
    anonymous_id anonymous_user_id user_pseudo_id visitor_id visitor guest_id device_id
    client_id cookie_id browser_id fullvisitorid domain_userid 匿名id 设备id
    """.split()
)


def take_anonymous_id(record: dict[str, Any]) -> bool:
    """Put the anonymous id of a record in the place of an absent user id, in place.

    Returns whether it was; a record without an anonymous id, or with a user id, keeps its user.
    """
    other = record.pop(ANONYMOUS, None)
    if is_null(other) or not is_null(record.get(USER)):
        return False
    record[USER] = other
    return True
