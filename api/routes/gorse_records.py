"""/api: items and users in Gorse's wire format."""

from __future__ import annotations

from typing import Any

from recsys.data.id_normalization import label_key
from recsys.data.records import Item, User
from recsys.store.item_in_any_state import look_up

from ..handlers import gorse_conversion
from ..handlers.ingestion import delete_item, missing, store_items
from ..handlers.user_controls_export_erasure import erase_user
from ..http.endpoint_declaration import Routes
from ..schemas.field_types import listed
from ..schemas.gorse import ItemBody, ItemPatch, PageQuery, UserBody, UserPatch
from .request_context import about, service

routes = Routes("gorse", "gorse_records")
Json = dict[str, Any]
Done = dict[str, int]


def _done(rows: int) -> Done:
    return {"RowAffected": rows}


@routes.post("/api/item", "items", body=ItemBody, answers=Done)
def insert_item(body: ItemBody) -> Done:
    """Add an item or replace it."""
    return _insert_items([body])


@routes.post("/api/items", "items", body=listed(ItemBody), answers=Done)
def insert_items(body: list[ItemBody]) -> Done:
    """Add items or replace them."""
    return _insert_items(body)


def _insert_items(bodies: list[ItemBody]) -> Done:
    with service().link.use() as store:
        store_items(service(), store, [gorse_conversion.item(body) for body in bodies], revive=True)
    service().catch_up()
    return _done(len(bodies))


@routes.get("/api/items", "lists", query=PageQuery, answers=Json, loose=True)
def get_items(query: PageQuery) -> Json:
    """A page of items."""
    with service().link.use() as store:
        found = store.items_page(query.cursor, query.n + 1)
    page = found[: query.n]
    after = page[-1].item_id if len(found) > query.n else ""
    return {"Cursor": after, "Items": [gorse_conversion.item_json(item, False) for item in page]}


@routes.get("/api/item/<item>", "lists", answers=Json, loose=True)
def get_item(item: str) -> Json:
    """An item, hidden or not."""
    found, hidden = _item(item)
    return gorse_conversion.item_json(found, hidden)


def _item(item_id: str) -> tuple[Item, bool]:
    with service().link.use() as store:
        found = look_up(store, item_id)
    if found is None or found[1] == "deleted":
        raise missing("item")
    return found[0], found[1] == "hidden"


@routes.patch("/api/item/<item>", "items", body=ItemPatch, answers=Done)
def update_item(item: str, body: ItemPatch) -> Done:
    """Change some fields of an item."""
    before, _ = _item(item)
    old = gorse_conversion.item_json(before, False)
    changed = gorse_conversion.built(
        item,
        old["Categories"] if body.Categories is None else body.Categories,
        old["Labels"] if body.Labels is None else body.Labels,
        before.text if body.Comment is None else body.Comment,
        before.created_at if body.Timestamp is None else body.Timestamp,
        before.metadata,
        before,
    )
    _put_item(changed)
    if body.IsHidden is not None:
        with service().link.use() as store:
            (store.hide_item if body.IsHidden else store.show_item)(item)
        service().catch_up()
    return _done(1)


def _put_item(item: Item) -> None:
    with service().link.use() as store:
        store_items(service(), store, [item])
    service().catch_up()


@routes.delete("/api/item/<item>", "items", answers=Done, loose=True)
def remove_item(item: str) -> Done:
    """Forget an item."""
    delete_item(service(), item)
    return _done(1)


@routes.put("/api/item/<item>/category/<category>", "items", answers=Done, loose=True)
def add_category(item: str, category: str) -> Done:
    """Put an item into one more category."""
    return _categories(item, category, True)


@routes.delete("/api/item/<item>/category/<category>", "items", answers=Done, loose=True)
def remove_category(item: str, category: str) -> Done:
    """Take an item out of a category."""
    return _categories(item, category, False)


def _categories(item_id: str, category: str, present: bool) -> Done:
    before, _ = _item(item_id)
    old = gorse_conversion.item_json(before, False)
    kept = [one for one in old["Categories"] if label_key(one) != label_key(category)]
    _put_item(
        gorse_conversion.built(
            item_id,
            [*kept, category] if present else kept,
            old["Labels"],
            before.text,
            before.created_at,
            before.metadata,
            before,
        )
    )
    return _done(1)


@routes.post("/api/user", "users", body=UserBody, answers=Done)
def insert_user(body: UserBody) -> Done:
    """Add a user or replace what is known of one."""
    return _insert_users([body])


@routes.post("/api/users", "users", body=listed(UserBody), answers=Done)
def insert_users(body: list[UserBody]) -> Done:
    """Add users or replace what is known of them."""
    return _insert_users(body)


def _insert_users(bodies: list[UserBody]) -> Done:
    with service().link.use() as store:
        store.add_users([gorse_conversion.user(body) for body in bodies])
    return _done(len(bodies))


@routes.get("/api/users", "history", query=PageQuery, answers=Json, loose=True)
def get_users(query: PageQuery) -> Json:
    """A page of users."""
    with service().link.use() as store:
        found = store.users_page(query.cursor, query.n + 1)
    page = found[: query.n]
    after = page[-1].user_id if len(found) > query.n else ""
    return {"Cursor": after, "Users": [gorse_conversion.user_json(user) for user in page]}


@routes.get("/api/user/<user>", "history", answers=Json, loose=True)
def get_user(user: str) -> Json:
    """A user."""
    return gorse_conversion.user_json(_user(user))


def _user(user_id: str) -> User:
    with service().link.use() as store:
        found = store.user(about(user_id))
    if found is None:
        raise missing("user")
    return found


@routes.patch("/api/user/<user>", "users", body=UserPatch, answers=Done)
def update_user(user: str, body: UserPatch) -> Done:
    """Change some fields of a user."""
    old = _user(user)
    interests = old.interests if body.Labels is None else tuple(gorse_conversion.texts(body.Labels))
    name = old.name if body.Comment is None else body.Comment
    with service().link.use() as store:
        store.put_user(User(user, name, interests, old.language))
    return _done(1)


@routes.delete("/api/user/<user>", "erase", answers=Done, loose=True)
def remove_user(user: str) -> Done:
    """Remove a user for good; an unknown one counts as removed, as with Gorse."""
    with service().link.use() as store:
        known = store.user(about(user)) is not None
    if known:
        erase_user(service(), user)
    return _done(1)
