"""Follows that a night learns from: those between users who see of each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from recsys.data.records import Event, Follow, Item
from recsys.store.store import Store
from recsys.store.user_controls import Wish

USERS = ("ann", "bo", "cy", "di")


@pytest.fixture
def store(tmp_path: Path):
    """Everybody follows everybody, and ann follows two authors, one of whom is the user bo."""
    with Store.open(f"sqlite:///{tmp_path}/store.db") as found:
        found.add_items([Item("x", author_id="bo"), Item("y", author_id="writer")])
        found.add_events([Event(user, item, "like") for user in USERS for item in ("x", "y")])
        found.add_follows(
            [
                *(Follow(a, followed_user_id=b) for a in USERS for b in USERS if a != b),
                Follow("ann", author_id="writer"),
            ]
        )
        yield found


def known(store: Store) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Return pairs of users, and of users and authors, by id."""
    events = store.event_table()
    table = store.follow_table(events, ["bo", "writer"])
    assert table is not None
    name = [events.users[row] for row in range(len(events.users))]
    pairs = zip(table.follower.tolist(), table.followee.tolist(), strict=True)
    reads = zip(table.reader.tolist(), table.author.tolist(), strict=True)
    return (
        {(name[a], name[b]) for a, b in pairs},
        {(name[a], table.authors[b]) for a, b in reads},
    )


def test_all_follows_are_learned_from(store: Store) -> None:
    pairs, reads = known(store)
    assert len(pairs) == 12
    assert reads == {("ann", "writer"), ("ann", "bo"), ("cy", "bo"), ("di", "bo")}


@pytest.mark.parametrize("action", ["mute", "block"])
def test_nothing_is_learned_between_two_who_are_muted_or_blocked(store: Store, action: str) -> None:
    (control,) = store.change_controls("ann", [Wish(action, "user", "bo")])
    pairs, reads = known(store)
    assert len(pairs) == 10 and not {("ann", "bo"), ("bo", "ann")} & pairs
    assert ("ann", "bo") not in reads and ("cy", "bo") in reads
    store.change_controls("ann", undo=[control.id])
    assert len(known(store)[0]) == 12


def test_a_muted_author_is_read_by_nobody_who_mutes_them(store: Store) -> None:
    store.change_controls("ann", [Wish("mute", "author", "writer")])
    store.change_controls("cy", [Wish("mute", "author", "bo"), Wish("mute", "user", "nobody")])
    pairs, reads = known(store)
    assert reads == {("ann", "bo"), ("di", "bo")} and len(pairs) == 12
