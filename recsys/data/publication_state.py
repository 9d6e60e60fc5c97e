"""Publication state: rows of items that their platform does not show to everybody.

Exports of content systems hold drafts, private and deleted rows beside what is public, and say so
in a column such as `post_status`, `visibility`, `is_published` or `deleted_at`. Such an item is
stored, so that events on it keep their meaning, and has expired: no list, search or route of lists
shows it. The column itself stays metadata.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from recsys.data.event_flags import flag_value
from recsys.data.id_normalization import is_null

EXPIRES, CREATED = "expires_at", "created_at"
NOTHING: Mapping[str, str] = MappingProxyType({})
AUDIENCE = "to"  # of ActivityStreams
_ADDRESSES = ("https://", "http://", "as:Public")
_EVERYBODY = ("#Public", "as:Public")
LONG_AGO = 946_684_800.0  # 2000-01-01: when an item without a date of its own has expired
_SIGNS = re.compile(r"[\s_.-]+")
_STATES = frozenset(
    """status poststatus itemstatus articlestatus contentstatus videostatus publishstatus
    publicationstatus state poststate articlestate publishstate visibility postvisibility
    itemvisibility archetype businessstatus availability stockstatus
    状态 发布状态 审核状态 文章状态 帖子状态 视频状态 可见性 可见范围""".split()
)
_NOT_PUBLIC = frozenset(
    """draft autodraft pending pendingreview inreview private privatemessage trash trashed deleted
    removed hidden unpublished scheduled future inherit spam rejected direct followers
    followersonly inactive archived expired suspended
    disabled banned blocked withdrawn embargoed invisible offline
    closedpermanently permanentlyclosed discontinued outofstock soldout 缺货 售罄
    草稿 私密 私有 仅自己可见 已删除
    删除 待审核 审核中 未通过 未发布 定时发布 下架 已下架 回收站 屏蔽 已屏蔽 隐藏
    归档 已归档 过期 已过期 已失效""".split()
)
_SET = frozenset(
    """isdeleted deleted isdraft draft isprivate private ishidden hidden isremoved removed istrashed
    trashed isspam isunpublished unpublished isbanned isdead dead isclosed permanentlyclosed
    isdiscontinued discontinued isarchived archived isexpired expired 是否下架 是否草稿
    是否删除 已删除 是否隐藏""".split()
)  # flags of what is not public
_UNSET = frozenset(
    """ispublished published ispublic public isactive active isvisible visible isapproved approved
    isenabled enabled islisted listed isopen isavailable available isonline
    是否发布 是否公开 已发布 是否上架 上架""".split()
)  # flags of what is public
_ONLY_CLOSED = frozenset(
    """deletedat deletedon removedat trashedat unpublishedat deletiontime removedbycategory bannedat
    删除时间 下架时间""".split()
)  # what is set for items that are not public only


class PublicationStates:
    """Closes the records of items that are not public, and counts them by column and value."""

    def __init__(self) -> None:
        self.closed: Counter[str] = Counter()  # `post_status=draft` -> records
        self.flags: set[str] = set()  # names taken for a time that hold flags

    def close(
        self,
        record: dict[str, Any],
        names: Mapping[str, str],
        renamed: Mapping[str, str] = NOTHING,
    ) -> None:
        """Let an item that is not public expire, in place; one that is public does not.

        A record without such a column is left as it is. `names`: what --map says; where it says
        that no column is `expires_at`, every item is public. `renamed`: name in the file -> column;
        where a column such as `published` was taken for a time and holds a flag, it is metadata.
        """
        if (created := record.get(CREATED)) is not None and _is_flag_word(created):
            for name, column in renamed.items():
                if column == CREATED and _plain(name) in _UNSET and name not in record:
                    record[name] = record.pop(CREATED)
                    self.flags.add(name)
                    break
        columns = _state_columns(tuple(record))
        audience = _audience(record) if AUDIENCE in record else None
        if not columns and audience is None:
            return
        if names.get(EXPIRES) == "":
            record[EXPIRES] = None
            return
        for words in (audience, *(closed_by(name, record[name]) for name in columns)):
            if words:
                self.closed[words] += 1
                created = record.get(CREATED)
                record["available_from"] = None
                record[EXPIRES] = LONG_AGO if is_null(created) else created
                return
        record.setdefault(EXPIRES, None)

    def sentence(self) -> str:
        """Return what a user should know of the closed records; empty for none."""
        if not self.closed:
            return ""
        count = sum(self.closed.values())
        parts = ", ".join(f"{name} {rows:,}" for name, rows in self.closed.most_common(6))
        items = "1 item is" if count == 1 else f"{count:,} items are"
        them = "it is" if count == 1 else "they are"
        return (
            f"{items} not public ({parts}): {them} stored and never listed; "
            f"with --map {EXPIRES}= {them} listed"
        )


def closed_by(name: str, value: object) -> str:
    """Return what a field says of an item that is not public, as in `status=draft`; else empty."""
    plain = _plain(name)
    if plain in _ONLY_CLOSED:  # MySQL writes zeros for no time
        return f"{name} is set" if not is_null(value) and str(value).strip("0-: .TZ") else ""
    is_closed = (
        (plain in _STATES and isinstance(value, str) and _plain(value) in _NOT_PUBLIC)
        or (plain in _SET and flag_value(value) is True)
        or (plain in _UNSET and not is_null(value) and flag_value(value) is False)
    )
    return f"{name}={str(value).strip().lower()}" if is_closed else ""


def _audience(record: Mapping[str, Any]) -> str | None:
    """Return what the addressees of ActivityStreams say: empty for everybody; None: there are none.

    A post of Mastodon that only followers may see names them, and not `#Public`.
    """
    given = [record.get(name) or [] for name in (AUDIENCE, "cc")]
    names = [one for some in given for one in (some if isinstance(some, list) else [some])]
    if not names or not all(isinstance(one, str) and one.startswith(_ADDRESSES) for one in names):
        return None
    return "" if any(one.endswith(_EVERYBODY) for one in names) else f"{AUDIENCE} without #Public"


def _is_flag_word(value: object) -> bool:
    """Whether a value is a flag: true or false, yes or no, 1 or 0."""
    return not is_null(value) and flag_value(value) is not None


@lru_cache(maxsize=256)
def _state_columns(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if _plain(name) in _STATES | _SET | _UNSET | _ONLY_CLOSED)


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return _SIGNS.sub("", name.casefold())
