"""What the audit log must do on every database; inherited by the tests of each."""

import threading
import time

import pytest
from sqlalchemy import delete, text, update

from recsys.data.records import Event
from recsys.store.audit_log import GENESIS, AuditLog, Entry
from recsys.store.backup import back_up, restore
from recsys.store.erasure import erase
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.schema import audit
from recsys.store.store import Store
from recsys.store.user_merges import merge_users


def look(subject="", actor="key", action="GET /users/{user_id}/profile"):
    return Entry(actor, "support", action, "profile", subject, request="r")


class AuditContract:
    """Subclasses give the fixture `url`, of an empty database."""

    @pytest.fixture
    def store(self, url):
        with Store.open(url) as store:
            yield store

    @pytest.fixture
    def log(self, store):
        return AuditLog(store.db)

    def test_entries_are_read_back_newest_first_and_filtered(self, store, log):
        who = Pseudonyms.of_store(store).of
        ann, bob = log.subject(who("ann")), log.subject(who("bob"))
        before = time.time()
        log.append([look(ann), look(bob, actor="other")])
        log.append([Entry("key", "operate", "PATCH /items/{item_id}", "items", object="sea-1")])
        entries = [one.entry for one in log.page()]
        assert [one.action for one in entries][0] == "PATCH /items/{item_id}"
        assert [one.subject for one in entries] == ["", bob, ann]
        assert [one.entry.subject for one in log.page(person=who("ann"))] == [ann]
        assert [one.entry.subject for one in log.page(person="", subject=bob)] == [bob]
        assert len(log.page(actor="key")) == 2 and len(log.page(action="/items/")) == 1
        assert len(log.page(since=before)) == 3 and log.page(until=before) == []
        newest = log.page(n=1)[0]
        assert [one.entry.subject for one in log.page(before=newest.id)] == [bob, ann]
        assert log.page(action="%") == []

    def test_one_subject_stands_for_one_person(self, log):
        assert log.known_subject("p") == ""
        found = log.subject("p")
        assert log.subject("p") == log.known_subject("p") == found != log.subject("q")

    def test_writers_at_once_make_one_chain(self, url, store, log):
        others = [Store.open(url) for _ in range(3)]

        def write(one):
            for _ in range(10):
                AuditLog(one.db).append([look(), look()])

        threads = [threading.Thread(target=write, args=(one,)) for one in (store, *others)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for other in others:
            other.close()
        found = log.verify()
        assert (found.entries, found.problems) == (80, ())

    @pytest.mark.parametrize("column", ["actor", "subject", "outcome", "at", "hash", "object"])
    def test_a_changed_entry_is_found(self, store, log, column):
        log.append([look("s")] * 5)
        assert log.verify().problems == ()
        third = log.page()[2].id
        value = 5.0 if column == "at" else "x"
        with store.db.write() as connection:
            connection.execute(update(audit).where(audit.c.id == third).values({column: value}))
        (problem, *_) = log.verify().problems
        assert (
            f"entry {third + (column == 'hash')} does not follow" in problem
            or str(third) in problem
        )

    def test_removed_entries_are_found_wherever_they_stood(self, store, log):
        log.append([look()] * 6)
        ids = [one.id for one in log.page()][::-1]
        for gone, words in ((ids[2], "does not follow"), (ids[0], "does not follow")):
            with store.db.write() as connection:
                connection.execute(delete(audit).where(audit.c.id == gone))
            assert any(words in one for one in log.verify().problems)

    def test_a_cut_end_is_found_by_the_noted_end_or_by_a_head_kept_elsewhere(self, store, log):
        log.append([look()] * 4)
        head = log.verify().head
        assert log.verify(head).problems == () and log.verify(GENESIS).problems != ()
        last = log.page()[0].id
        with store.db.write() as connection:
            connection.execute(delete(audit).where(audit.c.id == last))
        assert "newest entries are missing" in log.verify().problems[0]
        with store.db.write() as connection:  # by somebody who knows about the note
            end = text("UPDATE notes SET value = :hash WHERE key = 'audit_head'")
            connection.execute(end, {"hash": log.page()[0].hash})
        assert log.verify().problems == ()
        assert "no entry has the hash" in log.verify(head).problems[0]

    def test_old_entries_go_with_their_links_and_the_chain_still_holds(self, store, log):
        old = AuditLog(store.db, clock=lambda: time.time() - 400 * 86_400)
        ann, bob = old.subject("ann"), old.subject("bob")
        old.append([look(ann), look(bob)])
        log.append([look(bob)])
        assert log.prune(time.time() - 365 * 86_400) == 2
        assert log.prune(time.time() - 365 * 86_400) == 0
        assert [one.entry.action for one in log.page()] == ["retention", look().action]
        assert log.page()[0].entry.object.startswith("2 entries before")
        assert log.known_subject("ann") == "" and log.known_subject("bob") == bob
        found = log.verify()
        assert (found.entries, found.problems) == (2, ())
        with store.db.write() as connection:
            connection.execute(delete(audit).where(audit.c.action == "retention"))
        assert log.verify().problems

    def test_an_erasure_leaves_entries_that_lead_to_nobody(self, store, log, tmp_path):
        store.add_events([Event("ann", "1", "like"), Event("v", "1", "view")])
        who = Pseudonyms.of_store(store).of
        own, visitor = log.subject(who("ann")), log.subject(who("v"))
        log.append([look(own), look(visitor)])
        merge_users(store, "ann", "v")
        assert len(log.page(person=who("ann"))) == 2 and log.page(person=who("v")) == []
        receipt = erase(store, tmp_path, "ann")
        assert receipt.removed["audit_links"] == 2
        assert log.page(person=who("ann")) == [] and len(log.page()) == 2
        assert log.verify().problems == ()
        assert log.subject(who("ann")) not in (own, visitor)
        again = erase(store, tmp_path, "ann")
        assert again.empty and again.removed["audit_links"] == 1

    def test_a_backup_holds_the_chain(self, url, store, log, tmp_path):
        log.append([look(log.subject("p"))] * 3)
        home = tmp_path / "home"
        home.mkdir()
        back_up(home, url, tmp_path / "copy")
        other = f"sqlite:///{tmp_path}/other/store.db"
        restore(tmp_path / "copy", tmp_path / "other", other)
        with Store.open(other) as restored:
            held = AuditLog(restored.db)
            assert held.verify(log.verify().head).problems == ()
            assert len(held.page(person="p")) == 3
            held.append([look()])
            assert held.verify(log.verify().head).problems == ()
