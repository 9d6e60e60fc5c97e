"""Whole nights in a tiny world, as real processes: published, refused, killed, two at once."""

import json
import shutil
import signal
import subprocess
import time

import numpy as np
import pytest
from night_world import (
    READ,
    READERS,
    books,
    call,
    call_anew,
    command,
    environment,
    exit_status,
    fill,
    next_books,
    parity,
    reads,
)

from jobs.commands.nightly import _folder
from recsys.bundle import manifest_checksum
from recsys.bundle_store import BundleStore
from recsys.data.records import Event, Item
from recsys.fairness.exposure_report import REPORT
from recsys.serving.model import Model
from recsys.store.erasure import erase
from recsys.store.exposures import Exposure, Exposures, Outcome, Shown
from recsys.store.file_locks import only_one
from recsys.store.store import Store
from recsys.tuning.tuner_code_hash import tuner_definition

STEPS = [
    "snapshot",
    "distill",
    "finetune",
    "encode",
    "index",
    "topics",
    "flags",
    "communities",
    "returning",
    "entities",
    "trends",
    "tones",
    "tune",
    "baselines",
    "fit",
    "joined",
    "titles",
    "gate",
    "publish",
]


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A home after its first night, with what that night printed."""
    home = tmp_path_factory.mktemp("world") / "home"
    fill(home).close()
    return home, call_anew(home, "nightly", "--json")


@pytest.fixture
def home(first, tmp_path):
    shutil.copytree(first[0], tmp_path / "home", symlinks=True)
    return tmp_path / "home"


@pytest.fixture
def store(home):
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        yield store


def test_the_first_night_publishes(first):
    home, result = first
    assert result.returncode == 0, result.stderr
    details = json.loads(result.stdout)
    manifest = BundleStore(home).open_current().manifest
    assert details["status"] == "published" and details["version"] == manifest["version"]
    assert manifest["counts"] == {"users": 60, "items": 40, "events": 480, "with_words": 40}
    assert (manifest["last_event_id"], manifest["last_change_id"]) == (480, 40)
    assert details["tune"]["tuned"] is True


def test_one_log_line_per_step_and_no_bars_without_a_terminal(first):
    lines = first[1].stderr.splitlines()
    assert [line.split()[2] for line in lines if "nightly: " in line] == STEPS
    assert "\x1b" not in first[1].stderr


def test_a_first_night_does_not_complain_that_there_is_no_bundle(first):
    assert "no bundle" not in first[1].stderr and "WARNING" not in first[1].stderr


def test_the_bundle_and_the_runs_hold_no_user(first):
    home, _ = first
    files = [p for part in ("bundles", "runs") for p in (home / part).rglob("*") if p.is_file()]
    assert files and not [p for p in files if b"reader-" in p.read_bytes()]


def test_the_run_table_tells_steps_and_outcome(store):
    run = store.last_run("nightly")
    assert run.status == "published" and run.finished is not None
    assert [step.name for step in run.steps] == STEPS


def test_the_record_of_a_night_tells_what_was_clicked(home, store):
    shown = (Shown("book-1", 1, "neighbours", 1.0), Shown("book-2", 2, "trending", 1.0))
    log = Exposures(store.db)
    log.write(
        [Exposure("list-1", time.time() - 60, "bundle-1", "nobody", "long", shown)],
        [Outcome("list-1", "book-1", "click", time.time())],
    )
    assert call(home, "nightly").returncode == 0
    publish = store.runs(1)[0].steps[-1]
    assert publish.name == "publish"
    assert publish.detail["clicks"]["source"] == {
        "neighbours": {"shown": 1, "clicked": 1, "ctr": 1.0},
        "trending": {"shown": 1, "clicked": 0, "ctr": 0.0},
    }


def test_a_night_reports_popularity_and_errors_by_language(home, store):
    noted = {"language": "en", "flags": [{"kind": "insult", "score": 0.9, "why": "rude"}]}
    store.add_items(Item(f"book-{n}", title="you idiot", metadata=noted) for n in range(3))
    store.hide_item("book-0")
    texts = [("what a wonderful evening", 5.0), ("terrible, I hated it", 1.0)] * 15
    store.add_events(
        Event(
            f"critic-{n}", "book-9", "rating", value, f"{text} {n}", timestamp=1_600_000_000.0 + n
        )
        for n, (text, value) in enumerate(texts)
    )
    shown = (Shown("book-1", 1, "neighbours", 1.0), Shown("book-2", 2, "trending", 1.0))
    Exposures(store.db).write(
        [Exposure("list-1", time.time() - 60, "bundle-1", "nobody", "long", shown)], []
    )
    assert call(home, "nightly").returncode == 0
    report = json.loads(store.get_note(REPORT))
    popularity = report["popularity"]
    assert popularity["shown"] > 0 and popularity["taken"] > 0
    assert popularity["lift"] == pytest.approx(popularity["shown"] / popularity["taken"] - 1)
    (flag_errors,) = report["flag_errors"]
    assert (flag_errors["flagged"], flag_errors["decided"], flag_errors["wrong"]) == (2, 1, None)
    english = next(one for one in report["tone_errors"] if one["language"] == "en")
    assert english["decided"] == 30 and english["wrong"] <= 0.1
    assert store.runs(1)[0].steps[-1].detail["fairness"]["popularity"] == popularity


def test_a_stranger_to_the_other_side_is_shown_his_own(home):
    result = call(home, "recommend", "reader-7", "-n", "5", "--json")
    assert result.returncode == 0, result.stderr
    items = json.loads(result.stdout)["items"]
    assert {parity(int(each["item_id"].split("-")[1])) for each in items} == {"odd"}
    assert items[0]["reasons"][0]["text"] and items[0]["item"]["title"]


def test_recommend_prints_a_table_within_100_columns_and_explains(home):
    result = call(home, "recommend", "reader-7", "--explain")
    assert result.returncode == 0 and "odd book" in result.stdout and "%" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert call(home, "recommend", "nobody", "-n", "3").stdout.count("book") >= 3


def test_recommend_says_why_a_list_is_short_or_empty(home, store):
    store.add_events([Event("crawler", book.item_id, "view") for book in books()])
    store.add_events([Event("author", book.item_id, "view") for book in books()[:38]])
    everything = "You have already seen or used all 40 items; repeat=1 lists some of them again"
    empty = call(home, "recommend", "crawler")
    assert (empty.returncode, " ".join(empty.stdout.split())) == (0, f"{everything}.")
    document = json.loads(call(home, "recommend", "crawler", "--json").stdout)
    assert (document["items"], document["notice"]) == ([], everything)
    short = call(home, "recommend", "author", "-n", "3").stdout
    assert "You have already seen or used 38 of 40 items." in " ".join(short.split())
    full = json.loads(call(home, "recommend", "author", "-n", "2", "--json").stdout)
    assert (len(full["items"]), full["notice"]) == (2, None)


def test_recommend_sees_what_happened_since_the_night(home, store):
    store.add_events([Event("newcomer", "book-2", "like")])
    items = json.loads(call(home, "recommend", "newcomer", "-n", "5", "--json").stdout)["items"]
    assert "book-2" not in [each["item_id"] for each in items]
    store.hide_item(items[0]["item_id"])
    after = json.loads(call(home, "recommend", "newcomer", "-n", "5", "--json").stdout)["items"]
    assert items[0]["item_id"] not in [each["item_id"] for each in after]


def test_a_second_night_takes_the_tuning_over(home):
    result = call(home, "nightly", "--json")
    assert result.returncode == 0, result.stderr
    details = json.loads(result.stdout)
    assert details["tune"]["tuned"] is False and len(BundleStore(home).versions()) == 2


def test_a_night_after_an_upgrade_of_the_tuner_tunes_again(home):
    """A bundle of the day, as an earlier version of the tuner would have left it."""
    bundles = BundleStore(home)
    path = home / "bundles" / bundles.current() / "manifest.json"
    manifest = json.loads(path.read_text())
    assert manifest["tuning"]["tuner"] == tuner_definition()
    manifest["tuning"]["tuner"] = "0123456789ab"
    path.write_text(json.dumps({**manifest, "checksum": manifest_checksum(manifest)}))
    tune = json.loads(call(home, "nightly", "--json").stdout)["tune"]
    assert tune["tuned"] and tune["because"] == "the code that tunes changed"
    assert bundles.open_current().manifest["tuning"]["tuner"] == tuner_definition()


def test_topics_keep_their_ids_when_items_come_and_go(home, store):
    def ids_of_books():
        raw = BundleStore(home).open_current()
        topics, ids = Model.from_raw(raw).topics, Model.from_raw(raw).catalogue.ids
        return {ids[row]: topics.ids[at] for row, at in enumerate(topics.items)}

    before = ids_of_books()
    assert len(before) == 40 and len(set(before.values())) > 1
    assert before["book-2"] == before["book-4"] != before["book-3"]
    store.add_items([Item("new", title="odd book"), Item("book-1", title="odd odd book")])
    store.delete_item("book-0")
    assert call(home, "nightly").returncode == 0
    after = ids_of_books()
    both = before.keys() & after.keys() - {"book-0", "book-1"}
    assert sum(before[book] == after[book] for book in both) >= 0.9 * len(both)
    assert after["new"] in {after[f"book-{n}"] for n in range(3, 40, 2)}


def test_tuning_can_be_asked_for(home):
    details = json.loads(call(home, "nightly", "--tune", "--json").stdout)
    assert details["tune"] | {"because": "of the option --tune", "tuned": True} == details["tune"]


def test_new_events_are_what_today_and_yesterday_answer(home, store):
    latest = max(e.timestamp for e in store.events_after(0, 1000))
    store.add_events(reads(latest + 1, seed=2))
    result = call(home, "nightly", "--json")
    gate = json.loads(result.stdout)["gate"]
    assert gate["people"] >= 30 and "previous bundle" in gate["reason"]
    assert result.returncode == exit_status(result)


def test_comments_are_heard_among_impressions(home, store):
    latest = max(e.timestamp for e in store.events_after(0, 1000))
    store.add_events(
        [
            Event("reader-0", "book-0", "impression", timestamp=latest + 1),
            Event("reader-0", "book-0", "comment", text="a wonderful book", timestamp=latest + 2),
        ]
    )
    result = call(home, "nightly")
    assert result.returncode == 0, result.stderr
    details = {step.name: step.detail for step in store.runs(1)[0].steps}
    assert details["tones"]["comments"] == 1


def test_an_unchanged_past_is_not_fitted_again(home, store):
    store.add_events(next_books(store, 45))
    result = call(home, "nightly", "--json")
    gate = json.loads(result.stdout)["gate"]
    assert gate["reason"] == "same settings and same earlier events as the previous bundle"
    assert gate["people"] == 45 and 0 < gate["today"] == gate["yesterday"]
    assert result.returncode == 0


def test_a_kept_choice_is_compared_by_the_bundle_in_service_with_the_same_result(home, store):
    """A copy of the home, whose bundle says it knew one event, has to fit again to compare."""
    known = {(e.user_id, e.item_id) for e in store.events_after(0, 1000)}
    moment, rng = max(e.timestamp for e in store.events_after(0, 1000)), np.random.default_rng(3)
    for reader in rng.permutation(READERS)[:53].tolist():
        own = [f"book-{book}" for book in range(reader % 2, 40, 2)]
        new = rng.choice([book for book in own if (f"reader-{reader}", book) not in known])
        moment += 3_600.0
        store.add_events([Event(f"reader-{reader}", str(new), "like", timestamp=moment)])
    other = home.with_name("other")
    shutil.copytree(home, other, symlinks=True)
    bundles = BundleStore(other)
    path = other / "bundles" / bundles.current() / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["counts"]["events"] = 1
    path.write_text(json.dumps({**manifest, "checksum": manifest_checksum(manifest)}))
    whole, quick = (json.loads(call(one, "nightly", "--json").stdout) for one in (other, home))
    assert (whole["tune"]["tuned"], quick["tune"]["tuned"]) == (False, False)
    assert whole["status"] == quick["status"] == "published"
    found = quick["gate"]["baselines"]
    assert found["in_service"] and not whole["gate"]["baselines"]["in_service"]
    assert found["attack"]["accounts"] >= 0 and not found["lost"]
    assert quick["gate"]["people"] == found["people"] == 53
    first, second = (BundleStore(one).open_current() for one in (other, home))
    assert first.manifest["choice"] == second.manifest["choice"]
    assert first.arrays.keys() == second.arrays.keys()
    bits = [{key: array.tobytes() for key, array in one.arrays.items()} for one in (first, second)]
    assert [key for key in bits[0] if bits[0][key] != bits[1][key]] == []


def test_a_bundle_in_service_that_loses_has_its_settings_fitted_again(home, store):
    """Users turn to what a bundle does not list: the last books of the other side."""
    known = {(e.user_id, e.item_id) for e in store.events_after(0, 1000)}
    latest = max(e.timestamp for e in store.events_after(0, 1000))
    for reader in range(READERS):
        book = next(f"book-{n}" for n in range(39, -1, -1) if n % 2 != reader % 2)
        if (f"reader-{reader}", book) not in known:
            latest += 60.0
            store.add_events([Event(f"reader-{reader}", book, "like", timestamp=latest)])
    details = json.loads(call(home, "nightly", "--json").stdout)
    assert not details["tune"]["tuned"] and not details["gate"]["baselines"]["in_service"]


def test_a_changed_past_is_fitted_again_and_compared(home, store):
    store.delete_user(store.events_after(0, 1)[0].user_id)
    store.add_events(next_books(store, 45))
    result = call(home, "nightly", "--json")
    gate = json.loads(result.stdout)["gate"]
    assert gate["people"] >= 30 and "previous bundle" in gate["reason"]
    assert result.returncode == exit_status(result)


def test_a_night_that_turned_everything_round_is_refused_and_yesterday_stays(home):
    before = BundleStore(home).current()
    result = call(home, "nightly", "--json", RECSYS_EVENT_WEIGHTS="like=-1")
    assert result.returncode == 3, result.stderr
    details = json.loads(result.stdout)
    assert details["status"] == "refused" and details["gate"]["passed"] is False
    assert BundleStore(home).current() == before
    result = call(home, "nightly", RECSYS_EVENT_WEIGHTS="like=-1")
    assert result.returncode == 3 and "stays in service" in result.stdout


def test_an_empty_store_is_status_1_and_one_line(tmp_path):
    fill(tmp_path / "full").close()
    result = call(tmp_path / "full", "nightly", RECSYS_STORE=f"sqlite:///{tmp_path}/none.db")
    assert result.returncode == 1 and result.stdout == ""
    assert "recsys ingest" in result.stderr and "Traceback" not in result.stderr
    with Store.open(f"sqlite:///{tmp_path}/none.db") as store:
        assert store.last_run("nightly").status == "failed"


def backwards(choice):
    """Return a choice that puts first what the neighbours of a history speak least for."""
    score_model = {
        "terms": [{"scorer": "neighbours", "half_life": 20.0, "weight": 1.0}],
        "curves": [{"scale": 0.03, "weight": -1.0, "by_activity": 0.0}],
        "priors": {},
        "traits": {},
    }
    return {**choice, "engines": ["item-knn 100"], "blend": score_model, "trees": None}


def popular(choice):
    """Return a choice that ranks by popularity alone, as good as the best baseline here."""
    score_model = {"terms": [], "curves": [], "priors": {"share_all": 1.0}, "traits": {}}
    return {**choice, "engines": [], "blend": score_model, "trees": None}


def turned_round(home, change=backwards):
    """Kill a night that has tuned, change what it chose, and call it again to go on."""
    with subprocess.Popen(
        command("nightly", "--tune"), env=environment(home), stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stderr:
            if "nightly: tune " in line:
                process.kill()
                break
    (made,) = home.glob("runs/*/tune/choice.json")
    made.write_text(json.dumps(change(json.loads(made.read_text()))))
    for name in (
        "baselines",
        "fit",
        "joined",
        "titles",
        "gate",
    ):  # done between the line and the kill
        shutil.rmtree(made.parent.parent / name, ignore_errors=True)
    return call(home, "nightly", "--tune", "--json")


def test_a_first_night_that_loses_to_popular_publishes_popular_and_says_so(home):
    shutil.rmtree(home / "bundles")
    result = turned_round(home)
    assert result.returncode == 0, result.stderr
    details = json.loads(result.stdout)
    assert details["status"] == "published" and details["design"] == "baseline"
    against = details["gate"]["baselines"]
    assert against["high"] < 0 and against["model"] < against["value"] and against["people"] == 60
    sentence = "is published, the tuned model is worse"
    assert result.stderr.count(sentence) == 1 and sentence in details["gate"]["reason"]
    shown = json.loads(call(home, "bundles", "show").stdout)
    assert shown["design"] == "baseline" and sentence in shown["gate"]["reason"]
    assert "baseline" in call(home, "bundles", "list").stdout
    choice = BundleStore(home).open_current().manifest["choice"]
    assert choice["engines"] == [] and list(choice["blend"]["priors"].values()) == [1.0]
    again = json.loads(call(home, "nightly", "--json").stdout)
    assert again["tune"]["tuned"] and "baseline" in again["tune"]["because"]
    assert again["design"] == "tuned"


def test_a_night_that_loses_to_popular_is_refused_where_a_bundle_is_in_service(home):
    before = BundleStore(home).current()
    result = turned_round(home)
    assert result.returncode == 3, result.stderr
    details = json.loads(result.stdout)
    assert details["gate"]["passed"] is False and "worse than" in details["gate"]["reason"]
    assert details["gate"]["baselines"]["high"] < 0 and BundleStore(home).current() == before


def test_the_earlier_settings_stay_where_those_tuned_tonight_are_worse(home):
    """Nothing is refused: the night publishes, and the nights after it do not tune again."""
    before = BundleStore(home).open_current().manifest
    result = turned_round(home, popular)
    assert result.returncode == 0, result.stderr
    details = json.loads(result.stdout)
    assert details["status"] == "published" and details["design"] == "tuned"
    assert result.stderr.count("the settings of the previous bundle stay") == 1
    manifest = BundleStore(home).open_current().manifest
    assert manifest["version"] != before["version"]
    assert manifest["choice"]["engines"] == before["choice"]["engines"] != []
    assert manifest["tuning"]["at"] > before["tuning"]["at"]
    against = manifest["gate"]["baselines"]
    assert against["kept"] and against["model"] > against["value"]
    again = json.loads(call(home, "nightly", "--json").stdout)
    assert again["tune"]["tuned"] is False


def test_what_users_took_up_since_decides_between_earlier_and_new_settings(home, store):
    store.add_events(next_books(store, 45))
    before = BundleStore(home).open_current().manifest
    result = turned_round(home, popular)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("the settings of the previous bundle stay") == 1
    manifest = BundleStore(home).open_current().manifest
    assert manifest["choice"]["engines"] == before["choice"]["engines"] != []
    assert manifest["gate"]["people"] == 45


def test_settings_tuned_tonight_are_published_where_they_are_better(home):
    """The bundle in service ranks by popularity: the new settings win, and the gate has figures."""
    bundles = BundleStore(home)
    path = home / "bundles" / bundles.current() / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["choice"] = popular(manifest["choice"])
    path.write_text(json.dumps({**manifest, "checksum": manifest_checksum(manifest)}))
    result = call(home, "nightly", "--tune", "--json")
    assert result.returncode == 0, result.stderr
    gate = json.loads(result.stdout)["gate"]
    assert gate["people"] >= 50 and gate["today"] > gate["yesterday"] > 0 and gate["passed"]
    assert bundles.open_current().manifest["choice"]["engines"] != []


def test_a_choice_made_without_time_is_marked_and_made_again_the_next_night(home):
    shutil.rmtree(home / "bundles")
    result = call(home, "nightly", "--json", RECSYS_TUNE_MINUTES="0")
    assert result.returncode == 0, result.stderr
    details = json.loads(result.stdout)
    assert details["design"] == "tuned" and details["tune"]["engines"] == "item-knn 100"
    assert "no time for more" in details["pressure"][0] and "no time for more" in result.stderr
    against = details["gate"]["baselines"]
    assert against["tested"] and against["model"] > against["value"]
    assert BundleStore(home).open_current().manifest["pressure"] == details["pressure"]
    again = json.loads(call(home, "nightly", "--json").stdout)
    assert again["tune"]["tuned"] and "ran out of time" in again["tune"]["because"]
    assert again["pressure"] == []
    third = json.loads(call(home, "nightly", "--json").stdout)
    assert third["tune"]["tuned"] is False


def test_with_fewer_than_fifty_people_what_is_fixed_is_published_untested(home, store):
    shutil.rmtree(home / "bundles")
    for reader in range(15):
        store.delete_user(f"reader-{reader}")
    result = call(home, "nightly", "--json")
    assert result.returncode == 0, result.stderr
    details = json.loads(result.stdout)
    assert details["design"] == "untested" and details["tune"]["engines"] == "item-knn 100"
    assert "fixed settings in place of tuned ones: item-knn 100, because there" in result.stderr
    untested = "not tested: 50 users with new events are needed, there are 45"
    assert result.stderr.count(untested) == 1
    assert "fixed settings, not tested" in details["gate"]["reason"]
    assert json.loads(call(home, "bundles", "show").stdout)["design"] == "untested"
    items = json.loads(call(home, "recommend", "reader-17", "-n", "5", "--json").stdout)["items"]
    assert {parity(int(each["item_id"].split("-")[1])) for each in items} == {"odd"}
    store.add_events(reads())
    again = json.loads(call(home, "nightly", "--json").stdout)
    assert again["tune"]["tuned"] and again["design"] == "tuned"


@pytest.mark.parametrize(("items", "events"), [(1, 0), (1, 1), (5, 1), (0, 1)])
def test_hardly_anything_is_enough_for_a_night(tmp_path, items, events):
    home = tmp_path / "home"
    fill(home).close()
    url = f"sqlite:///{tmp_path}/small.db"
    with Store.open(url) as store:
        store.add_items(books()[:items])
        store.add_events(Event("reader-0", "book-0", "like", timestamp=1e9) for _ in range(events))
    result = call(home, "nightly", RECSYS_STORE=url)
    assert result.returncode == 0, result.stderr
    shown = json.loads(call(home, "recommend", "x", "--json", RECSYS_STORE=url).stdout)["items"]
    assert len(shown) == items  # what one user alone acted on is no item yet


def test_two_at_once_the_second_is_told_and_fails(home):
    with subprocess.Popen(
        command("nightly", "--tune"), env=environment(home), stderr=subprocess.PIPE, text=True
    ) as process:
        assert "snapshot" in process.stderr.readline()
        process.send_signal(signal.SIGSTOP)  # else it may be through before the second has begun
        second = call(home, "nightly")
        process.send_signal(signal.SIGCONT)
        assert second.returncode == 1
        assert f"pid {process.pid}" in second.stderr and second.stderr.count("\n") == 1
        process.communicate(timeout=120)
    assert process.returncode == 0


@pytest.mark.parametrize("last", ["encode", "gate"])
def test_killed_and_called_again_it_repeats_no_finished_step(home, store, last):
    with subprocess.Popen(
        command("nightly", "--tune"), env=environment(home), stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stderr:
            if f"nightly: {last} " in line:
                process.kill()
                break
    killed = store.last_run("nightly")
    assert killed.status == "running"
    result = call(home, "nightly", "--tune")
    assert result.returncode == 0, result.stderr
    again = store.last_run("nightly")
    assert again.id == killed.id and again.status == "published"
    assert [step.name for step in again.steps] == STEPS  # each was done once
    assert f"nightly: {last} done before" in result.stderr
    assert BundleStore(home).open_current().version == again.detail["version"]
    assert not list((home / "runs").iterdir())


def test_a_killed_night_of_other_settings_is_begun_anew(home, store):
    with subprocess.Popen(
        command("nightly"), env=environment(home), stderr=subprocess.PIPE, text=True
    ) as process:
        process.stderr.readline()
        process.kill()
    killed = store.last_run("nightly")
    assert call(home, "nightly", RECSYS_SEED="5").returncode == 0
    newest, before = store.runs(2)
    assert newest.id > killed.id and before.status == "killed"


def test_old_bundles_are_pruned(home):
    for _ in range(2):
        assert call(home, "nightly", RECSYS_KEEP_BUNDLES="2").returncode == 0
    assert len(BundleStore(home).versions()) == 2


def test_a_killed_night_is_begun_anew_when_somebody_was_erased_since(home, store):
    """Its files hold that user's events, under a number instead of the id."""
    plan, runs = {"seed": "0"}, home / "runs"
    number, folder = _folder(runs, store, plan)
    (folder / "snapshot").mkdir()
    assert _folder(runs, store, plan) == (number, folder)
    with only_one(home, "nightly"):  # as if it were still at work
        receipt = erase(store, home, "reader-7")
    assert "at work" in next(p.how for p in receipt.places if p.place == "night files")
    again, fresh = _folder(runs, store, plan)
    assert again != number and not folder.exists() and not (fresh / "snapshot").exists()
    assert erase(store, home, "reader-8").removed["night_folders"] == 1 and not fresh.exists()


def test_after_an_erasure_no_file_of_the_home_holds_the_id(home):
    def held():
        files = [path for path in home.rglob("*") if path.is_file()]
        return len(files), [path.name for path in files if b"reader-7" in path.read_bytes()]

    assert "store.db" in held()[1]
    result = call(home, "erase", "reader-7", "--json")
    assert result.returncode == 0 and json.loads(result.stdout)["deleted"]["events"] == READ
    count, names = held()
    assert count > 20 and names == []
    again = call(home, "erase", "reader-7")
    assert again.returncode == 1 and "nothing is held" in again.stderr
