"""One form of ids, and undated events keyed by their content instead of by file and row."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from recsys.data.id_normalization import canonical_id

revision = "0004"
down_revision = "0003"

CHUNK = 10_000
_users = sa.table("users", *map(sa.column, ("id", "user_id", "known")))
_items = sa.table("items", *map(sa.column, ("id", "item_id", "known", "author_id")))
_kinds = sa.table("kinds", *map(sa.column, ("id", "name")))
_events = sa.table(
    "events",
    *map(sa.column, ("id", "user", "item", "kind", "value", "text", "timestamp", "key")),
)
_follows = sa.table("follows", *map(sa.column, ("user", "author_id", "followed_user_id")))
_controls = sa.table("controls", *map(sa.column, ("id", "user", "kind", "value")))
_changes = sa.table("item_changes", *map(sa.column, ("id", "item")))
_prints = sa.table("prints", *map(sa.column, ("print", "item")))
_exposures = sa.table("exposures", sa.column("person"))
_notes = sa.table("notes", *map(sa.column, ("key", "value")))


def upgrade() -> None:
    """Rename or merge what stands in another form, then give events their keys."""
    connection = op.get_bind()
    _rename_users(connection)
    changed = _rename_items(connection)
    _rename_labels(connection)
    _rekey(connection, changed)


def _other_forms(connection: sa.Connection, table: Any, name: str) -> list[tuple[int, str, str]]:
    """Return (number, id, its one form) of rows whose id is not in it."""
    query = sa.select(table.c.id, table.c[name]).order_by(table.c.id)
    rows = connection.execute(query)
    return [(n, id, to) for n, id in rows if (to := canonical_id(id)) != id and to]


def _rename_users(connection: sa.Connection) -> None:
    secret = connection.execute(
        sa.select(_notes.c.value).where(_notes.c.key == "pseudonym_secret")
    ).scalar()
    for number, old, new in _other_forms(connection, _users, "user_id"):
        kept = _merged(connection, _users, "user_id", number, new)
        if kept != number:
            for table in (_events, _follows, _controls):
                _move(connection, table, number, kept)
        if secret is not None:
            before, after = _person(secret, old), _person(secret, new)
            move = sa.update(_exposures).where(_exposures.c.person == before)
            connection.execute(move.values(person=after))


def _person(secret: str, user_id: str) -> str:
    data = user_id.encode("utf-8", "surrogatepass")
    return hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()[:24]


def _merged(connection: sa.Connection, table: Any, name: str, number: int, new: str) -> int:
    """Give a row its id's one form; where another row has it, remove one and return the other."""
    query = sa.select(table.c.id).where(table.c[name] == new)
    other = connection.execute(query).scalar()
    if other is None:
        connection.execute(sa.update(table).where(table.c.id == number).values({name: new}))
        return number
    connection.execute(sa.delete(table).where(table.c.id == number))
    return int(other)


def _move(connection: sa.Connection, table: Any, number: int, kept: int) -> None:
    """Hand the rows of one user to another; equal ones are dropped."""
    same = [column for column in ("key", "author_id", "followed_user_id") if column in table.c]
    if same:
        held = sa.alias(table)
        equal = sa.and_(held.c.user == kept, *(held.c[c] == table.c[c] for c in same))
        twice = sa.exists(sa.select(sa.literal(1)).select_from(held).where(equal))
        connection.execute(sa.delete(table).where(table.c.user == number, twice))
    connection.execute(sa.update(table).where(table.c.user == number).values(user=kept))


def _rename_items(connection: sa.Connection) -> set[int]:
    """Return the numbers of the items whose events need other keys."""
    changed = set()
    for number, _, new in _other_forms(connection, _items, "item_id"):
        target = connection.execute(
            sa.select(_items.c.id, _items.c.known).where(_items.c.item_id == new)
        ).first()
        own = connection.execute(sa.select(_items.c.known).where(_items.c.id == number)).scalar()
        kept, gone = number, None
        if target is not None:
            kept, gone = (number, target.id) if own and not target.known else (target.id, number)
            for table in (_events, _changes):
                move = sa.update(table).where(table.c.item == gone)
                connection.execute(move.values(item=kept))
            connection.execute(sa.delete(_prints).where(_prints.c.item == gone))
            connection.execute(sa.delete(_items).where(_items.c.id == gone))
        if kept == number:
            rename = sa.update(_items).where(_items.c.id == number)
            connection.execute(rename.values(item_id=new))
        changed.add(kept)
    return changed


def _rename_labels(connection: sa.Connection) -> None:
    """Bring the ids that follows, controls and items name into the same form."""
    for table, name, where in (
        (_items, "author_id", sa.true()),
        (_controls, "value", _controls.c.kind.in_(("author", "item"))),
        (_follows, "author_id", sa.true()),
        (_follows, "followed_user_id", sa.true()),
    ):
        column = table.c[name]
        values = connection.execute(sa.select(column).where(where).distinct()).scalars().all()
        for value in values:
            if value and (new := canonical_id(value)) != value and new:
                named = sa.update(table).where(column == value, where)
                with connection.begin_nested() as point:
                    try:
                        connection.execute(named.values({name: new}))
                    except sa.exc.IntegrityError:  # followed in both forms
                        point.rollback()
                        connection.execute(sa.delete(table).where(column == value))


def _rekey(connection: sa.Connection, changed: set[int]) -> None:
    """Give undated events, and events on renamed items, the keys that a file read now gives."""
    items = {
        number: id for number, id in connection.execute(sa.select(_items.c.id, _items.c.item_id))
    }
    kinds = {
        number: name for number, name in connection.execute(sa.select(_kinds.c.id, _kinds.c.name))
    }
    times: Counter[tuple[Any, ...]] = Counter()
    last = 0
    while rows := _page(connection, last):
        values = []
        for row in rows:
            if row.timestamp is None:
                what = (row.user, row.item, row.kind, row.value, row.text or "")
                times[what] += 1
                place = f"undated\x1f{times[what]}"
            elif row.item in changed:
                place = repr(row.timestamp)
            else:
                continue
            text = f"{items[row.item]}\x1f{kinds[row.kind]}\x1f{place}\x1f{row.value!r}\x1f"
            digest = hashlib.blake2b((text + (row.text or "")).encode(), digest_size=8).digest()
            key = int.from_bytes(digest, "little", signed=True)
            values.append({"number": row.id, "new": key, "of": row.user})
        _write(connection, values)
        last = rows[-1].id


def _page(connection: sa.Connection, last: int) -> Sequence[Any]:
    query = sa.select(_events).where(_events.c.id > last).order_by(_events.c.id).limit(CHUNK)
    return connection.execute(query).all()


def _write(connection: sa.Connection, values: list[dict[str, Any]]) -> None:
    number = _events.c.id == sa.bindparam("number")
    for one in values:
        held = sa.select(_events.c.id).where(
            _events.c.user == one["of"], _events.c.key == one["new"], _events.c.id != one["number"]
        )
        if connection.execute(held).first() is not None:  # the same event in another form
            connection.execute(sa.delete(_events).where(number), {"number": one["number"]})
        else:
            change = sa.update(_events).where(number).values(key=one["new"])
            connection.execute(change, {"number": one["number"]})
