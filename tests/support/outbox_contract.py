"""What outbox, leases and destinations must do on every database."""

import threading
import time

import pytest

from recsys.data.records import Event
from recsys.errors import DataError
from recsys.store.erasure import erase
from recsys.store.leases import Leases, StaleLease
from recsys.store.notice_destinations import CONFIRM, MAIL, WEBHOOK, Destinations
from recsys.store.outbox import LEASE, Notice, Outbox
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.store import Store
from recsys.store.user_merges import merge_users


def notice(number, subject="alert:1", person="", kind="test"):
    return Notice(kind, {"text": f"{number}"}, f"key:{number}", subject, person)


class OutboxContract:
    """Subclasses give the fixture `url`, of an empty database."""

    @pytest.fixture
    def store(self, url):
        with Store.open(url) as store:
            yield store

    @pytest.fixture
    def outbox(self, store):
        return Outbox(store.db)

    @pytest.fixture
    def places(self, store):
        return Destinations(store.db)

    @pytest.fixture
    def token(self, store):
        return Leases(store.db).take(LEASE, "me", 60.0)

    def test_a_notice_is_added_once_per_key(self, outbox, places):
        hook, _ = places.add_webhook("https://a.example.org/h")
        first = outbox.add(notice(1))
        assert outbox.add(notice(1)) == first != outbox.add(notice(2))
        assert [one.notice.key for one in outbox.page()] == ["key:2", "key:1"]
        assert len({one.uid for one in outbox.page()}) == 2
        assert [one.id for one in outbox.after(first)] == [outbox.last_id()]
        assert len(outbox.due(time.time(), hook.id)) == 2

    def test_writers_at_once_add_a_notice_once(self, url, store, outbox):
        others = [Store.open(url) for _ in range(3)]

        def write(one):
            for number in range(20):
                Outbox(one.db).add(notice(number))

        threads = [threading.Thread(target=write, args=(one,)) for one in (store, *others)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for other in others:
            other.close()
        assert sorted(int(one.notice.data["text"]) for one in outbox.page()) == list(range(20))

    def test_data_that_are_not_as_the_schema_says_are_refused(self, outbox):
        for kind, data in (
            ("nothing", {}),
            ("test", {}),
            ("test", {"text": 5}),
            ("night_failed", {"run": True, "error": "", "seconds": 1.0}),
            ("night_failed", {"run": 1, "error": "", "seconds": float("nan")}),
        ):
            with pytest.raises(DataError):
                outbox.add(Notice(kind, data, "k"))
        assert outbox.page() == []

    def test_destinations_get_the_kinds_they_want_once_they_are_confirmed(self, outbox, places):
        everything, secret = places.add_webhook("https://a.example.org/h")
        nights, other = places.add_webhook("https://b.example.org/h", ["night_failed"])
        address = places.add_address("ann@example.org", ["night_failed"])
        assert secret.startswith("whsec_") and secret != other
        now = time.time()
        (token,) = outbox.due(now, address.id)
        assert token.notice.notice.kind == "mail_confirmation"
        outbox.add(notice(1))
        failed = {"run": 1, "error": "x", "seconds": 1.0}
        outbox.add(Notice("night_failed", failed, "n1", "nights"))
        assert len(outbox.due(now, everything.id)) == 2
        assert len(outbox.due(now, nights.id)) == 1
        assert len(outbox.due(now, address.id)) == 1  # the token alone
        assert places.confirm(places.token(address.id)).confirmed is not None
        outbox.add(Notice("night_failed", failed, "n2", "nights"))
        kinds = [one.notice.notice.kind for one in outbox.due(now, address.id)]
        assert kinds == ["mail_confirmation", "night_failed"]
        with pytest.raises(DataError, match="none of night_published"):
            places.add_webhook("https://c.example.org", ["mail_confirmation"])
        with pytest.raises(DataError, match="is there already, as webhook"):
            places.add_webhook("https://a.example.org/h")

    def test_a_token_confirms_its_own_address_for_seven_days(self, places):
        ann, bob = places.add_address("ann@example.org"), places.add_address("bob@example.org")
        token = places.token(ann.id)
        assert token == places.token(ann.id) and places.token(99) == ""
        forged = f"{bob.id}-{token.partition('-')[2]}"
        for wrong in ("", "x", "-", f"{ann.id}", f"{ann.id}-", forged, token + "0", "9" * 30):
            assert places.confirm(wrong) is None
        assert places.confirm(token, ann.created + CONFIRM + 1) is None
        assert places.confirm(token).address == "ann@example.org"
        assert [one.confirmed is None for one in places.list(MAIL)] == [False, True]

    def test_a_subject_keeps_its_order_and_others_go_on(self, outbox, places, token):
        hook, _ = places.add_webhook("https://a.example.org/h")
        for number, subject in enumerate(["a", "a", "b", "", ""]):
            outbox.add(notice(number, subject))
        now = time.time()
        first, second, other, *free = outbox.due(now, hook.id)
        outbox.failed(first.id, token, "down", now + 60)
        outbox.failed(free[0].id, token, "down", now + 60)
        assert [one.id for one in outbox.due(now, hook.id)] == [other.id, free[1].id]
        assert [one.id for one in outbox.due(now + 61, hook.id)] == [
            first.id,
            second.id,
            other.id,
            free[0].id,
            free[1].id,
        ]
        outbox.failed(first.id, token, "down", None)
        assert second.id in [one.id for one in outbox.due(now, hook.id)]  # the first is dead

    def test_dead_letters_are_listed_counted_and_tried_anew(self, outbox, places, token):
        hook, _ = places.add_webhook("https://a.example.org/h")
        for number in range(3):
            outbox.add(notice(number, f"s{number}"))
        one, two, three = outbox.due(time.time(), hook.id)
        outbox.delivered(one.id, token)
        outbox.failed(two.id, token, "no" * 500, None)
        outbox.failed(three.id, token, "no", None)
        assert [dead.id for dead in outbox.dead()] == [three.id, two.id]
        assert outbox.dead()[1].error == "no" * 250 and outbox.dead()[1].attempts == 1
        assert outbox.counts() == {"pending": 0, "dead": 2}
        assert outbox.retry([two.id, one.id]) == 1
        assert outbox.counts() == {"pending": 1, "dead": 1}
        assert outbox.retry() == 1 and outbox.retry() == 0
        assert len(outbox.due(time.time(), hook.id)) == 2
        assert {d.state for d in outbox.deliveries_of([1, 2, 3])[1]} == {"delivered"}

    def test_a_removed_or_disabled_destination_gets_nothing_more(self, outbox, places, token):
        one, _ = places.add_webhook("https://a.example.org/h")
        two, _ = places.add_webhook("https://b.example.org/h")
        outbox.add(notice(1))
        assert places.remove(WEBHOOK, one.id) and not places.remove(WEBHOOK, one.id)
        assert not places.remove(MAIL, two.id)
        places.disable(two.id, token)
        outbox.add(notice(2))
        assert outbox.destinations_due(time.time()) == []
        assert [dead.destination for dead in outbox.dead()] == [two.id]

    def test_one_holder_at_a_time_and_a_late_one_writes_nothing(self, store, outbox, places):
        leases = Leases(store.db)
        hook, _ = places.add_webhook("https://a.example.org/h")
        outbox.add(notice(1))
        (one,) = outbox.due(time.time(), hook.id)
        first = leases.take(LEASE, "a", 0.2)
        assert leases.take(LEASE, "b", 0.2) is None
        assert leases.take(LEASE, "a", 0.2) == first
        deadline = time.monotonic() + 10
        while (second := leases.take(LEASE, "b", 30.0)) is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert second == first + 1
        with pytest.raises(StaleLease):
            outbox.delivered(one.id, first)
        with pytest.raises(StaleLease):
            places.disable(hook.id, first)
        assert places.list(WEBHOOK)[0].disabled is None
        assert outbox.counts()["pending"] == 1
        leases.release(LEASE, first)  # of another holder by now
        assert leases.take(LEASE, "a", 30.0) is None
        outbox.delivered(one.id, second)
        leases.release(LEASE, second)
        assert leases.take(LEASE, "c", 30.0) == second + 1
        with store.db.write() as connection:  # the clock has jumped back by a day
            connection.exec_driver_sql('UPDATE leases SET "until" = "until" + 86400')
        assert leases.take(LEASE, "d", 30.0) == second + 2

    def test_old_notices_go_unless_they_are_on_their_way(self, outbox, places, token):
        hook, _ = places.add_webhook("https://a.example.org/h")
        for number in range(3):
            outbox.add(notice(number))
        one, two, _ = outbox.due(time.time(), hook.id)
        outbox.delivered(one.id, token)
        outbox.failed(two.id, token, "x", None)
        assert outbox.prune(time.time() + 1) == 2
        assert [left.notice.key for left in outbox.page()] == ["key:2"]
        assert outbox.counts() == {"pending": 1, "dead": 0}

    def test_notices_about_a_person_go_with_them(self, store, outbox, places, tmp_path):
        hook, _ = places.add_webhook("https://a.example.org/h")
        store.add_events([Event("ann", "1", "like"), Event("v", "1", "like")])
        who = Pseudonyms.of_store(store).of
        outbox.add(notice(1, person=who("v")))
        outbox.add(notice(2))
        merge_users(store, "ann", "v")
        assert erase(store, tmp_path, "ann").removed["notices"] == 1
        assert [one.notice.key for one in outbox.page()] == ["key:2"]
        assert len(outbox.due(time.time(), hook.id)) == 1

    def test_a_digest_names_the_new_id_after_a_merge(self, store, outbox, places):
        hook, _ = places.add_webhook("https://a.example.org/h")
        store.add_events([Event("ann", "1", "like"), Event("v", "1", "like")])
        who = Pseudonyms.of_store(store).of
        empty = {"start": 0.0, "end": 1.0, "items": 3, "text": "3 new items"}
        for user, day in (("ann", 1), ("v", 1), ("v", 2)):
            subject = f"user_digest:{who(user)}"
            data = {"user_id": user, **empty}
            outbox.add(Notice("user_digest", data, f"{subject}:{day}", subject, who(user)))
        merge_users(store, "ann", "v")
        found = [one.notice for one in outbox.page(kind="user_digest")]
        assert {one.data["user_id"] for one in found} == {"ann"}
        assert {one.subject for one in found} == {f"user_digest:{who('ann')}"}
        assert {one.key for one in found} == {
            f"user_digest:{who('ann')}:1",
            f"user_digest:{who('v')}:1",
            f"user_digest:{who('ann')}:2",
        }
        due = outbox.due(time.time(), hook.id)
        assert [one.notice.notice.data["user_id"] for one in due] == ["ann"] * 3

    def test_the_end_of_a_night_is_a_notice(self, store, outbox):
        gate = {"reason": "better than yesterday"}
        for status, detail in (
            ("published", {"version": "v1", "gate": gate}),
            ("refused", {"version": "v2", "gate": {"reason": "worse"}}),
            ("failed", {"error": "no events"}),
            ("killed", {}),
        ):
            store.finish_run(store.start_run("nightly"), status, detail)
        store.finish_run(store.start_run("other"), "failed", {})
        found = [one.notice for one in outbox.after(0)]
        assert [one.kind for one in found] == [
            "night_published",
            "night_refused",
            "night_failed",
            "night_failed",
        ]
        assert {one.subject for one in found} == {"nights"}
        assert found[0].data["reason"] == "better than yesterday"
        assert [one.data.get("error") for one in found[2:]] == ["no events", "killed"]
