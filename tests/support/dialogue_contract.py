"""What the store of dialogues must do; inherited by the tests of each database."""

import time

import pytest
from sqlalchemy import update

from recsys.store.dialogues import KEPT, MOST_DIALOGUES, MOST_TURNS, Dialogues
from recsys.store.erasure import erase
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.schema import dialogue_turns
from recsys.store.schema import dialogues as table
from recsys.store.store import Store
from recsys.store.user_merges import merge_users

ANSWER = {"text": "Only chess.", "items": []}


class DialogueContract:
    """Subclasses give the fixture `url`, of an empty database."""

    @pytest.fixture
    def store(self, url):
        with Store.open(url) as store:
            yield store

    @pytest.fixture
    def person(self, store):
        return Pseudonyms.of_store(store).of("ann")

    def test_a_conversation_and_its_turns(self, store, person):
        talks = Dialogues(store.db)
        id = talks.add(None, person, "only chess", ANSWER, {"n": 1})
        found = talks.one(id, person)
        assert (found.turns, found.state) == (1, {"n": 1})
        assert talks.one(id, "") is None and talks.one(id, "somebody else") is None
        assert talks.any(id) == found and talks.any("0" * 32) is None
        assert talks.add(found, person, "undo", ANSWER, {"n": 2}) == id
        assert [(one.number, one.text) for one in talks.turns(id)] == [
            (1, "only chess"),
            (2, "undo"),
        ]
        assert talks.add(found, person, "late", ANSWER, {}) is None, "another turn came first"
        assert talks.remove(id) and not talks.remove(id)
        assert talks.add(found, person, "gone", ANSWER, {}) is None
        assert talks.turns(id) == []

    def test_turns_end_after_a_day_and_the_oldest_of_many(self, store, person):
        talks = Dialogues(store.db)
        id = talks.add(None, person, "old", ANSWER, {})
        with store.db.write() as connection:
            connection.execute(update(dialogue_turns).values(at=time.time() - KEPT - 1))
        assert talks.turns(id) == [] and talks.one(id, person) is not None
        for number in range(MOST_TURNS + 2):
            talks.add(talks.one(id, person), person, str(number), ANSWER, {})
        assert len(talks.turns(id)) == MOST_TURNS
        with store.db.write() as connection:
            connection.execute(update(table).values(expires=time.time() - 1))
        assert talks.one(id, person) is None and talks.any(id) is None
        talks.prune()
        with store.db.read() as connection:
            assert connection.execute(table.select()).first() is None

    def test_erasure_and_merge_reach_dialogues(self, store, person, tmp_path):
        talks, names = Dialogues(store.db), Pseudonyms.of_store(store)
        id = talks.add(None, person, "I am at home", ANSWER, {})
        merged = merge_users(store, "bob", "ann")
        assert merged.moved["dialogues"] == 1
        assert talks.one(id, person) is None and talks.one(id, names.of("bob")) is not None
        assert [one.id for one, _ in talks.of_person(names.of("bob"))] == [id]
        receipt = erase(store, tmp_path, "bob")
        assert receipt.removed["dialogue_turns"] == 1 and not receipt.empty
        assert talks.any(id) is None and talks.turns(id) == []
        assert merge_users(store, "bob", "nobody") is None

    def test_a_user_has_twenty_dialogues_at_most(self, store: Store) -> None:
        talks = Dialogues(store.db)
        visitor = talks.add(None, "", "hello", {}, {})
        made = [talks.add(None, "ann", f"message {n}", {}, {}) for n in range(MOST_DIALOGUES + 5)]
        kept = [one for one in made if one and talks.one(one, "ann") is not None]
        assert kept == made[5:] and not any(talks.turns(str(one)) for one in made[:5])
        assert visitor and talks.one(visitor, "") is not None
