"""Attack trials: what attacks plant, and how far they move lists, in a world of known taste."""

import numpy as np
import pytest
import worlds

from jobs.bench.fake_account_attack import SAMPLE, attack_table, summary
from recsys.data.dataset import Dataset
from recsys.data.event_kind_weights import EventWeights
from recsys.data.records import Event, Item
from recsys.data.table_builder import item_table
from recsys.errors import DataError
from recsys.evaluation.attack_scenarios import (
    ATTACKS,
    FEW,
    FILLERS,
    FIVE,
    NUKE,
    PUSH,
    REAL,
    TRAFFIC,
)
from recsys.evaluation.attack_trial import NEW, WEEK, AttackTrial, Outcome, with_planted
from recsys.serving.model import Model
from recsys.serving.score_model import ScoreModel
from recsys.training.model_builder import TextVectors, assemble

USERS, ITEMS, READ = 1_500, 60, 6
DAYS = 120


def platform() -> AttackTrial:
    """Return 1,500 users who come and read six items each, the first ones most; 15 attack."""
    rng = np.random.default_rng(3)
    share = 1.0 / np.arange(1.0, ITEMS + 1)
    events = []
    for user in range(USERS):
        began = DAYS * 86_400 * rng.random()
        days = np.cumsum(np.concatenate([[0.0], rng.exponential(8 * 86_400, READ - 1)]))
        chosen = rng.choice(ITEMS, READ, replace=False, p=share / share.sum())
        events += [
            Event(f"u{user}", f"i{item}", "like", timestamp=worlds.START + began + later)
            for item, later in zip(chosen.tolist(), days.tolist(), strict=True)
        ]
    events.sort(key=lambda event: event.timestamp or 0.0)
    end = worlds.START + DAYS * 86_400
    table = worlds.event_table(one for one in events if (one.timestamp or 0.0) < end)
    items = item_table(Item(f"i{n}", title=f"item {n}") for n in range(ITEMS))
    return AttackTrial(table, items, EventWeights(), popular, n_users=40)


def popular(data: Dataset) -> Model:
    """Return a model that ranks by what is taken up in three days."""
    return assemble(
        data, {}, TextVectors.none(len(data.items)), ScoreModel(priors={"share_3d": 1.0})
    )


@pytest.fixture(scope="module")
def trial() -> AttackTrial:
    return platform()


def test_the_sample_data_are_where_the_command_reads_them():
    assert (SAMPLE / "items.csv.gz").is_file() and (SAMPLE / "events.csv.gz").is_file()


def test_every_attack_plants_what_it_is_called(trial):
    for name in ATTACKS:
        found = trial.planted(name, NEW)
        assert found == trial.planted(name, NEW)
        if name == TRAFFIC:
            assert len(found) == FILLERS * trial.accounts and NEW not in {p.item for p in found}
            assert {one.user for one in found} <= set(trial.events.users)
            continue
        assert all(trial.end - WEEK - 120 <= one.time < trial.end for one in found)
        times = [one.time for one in found]
        assert times == sorted(times)
        on = [one for one in found if one.item == NEW]
        fillers = len(found) - len(on)
        accounts = len({one.user for one in found})
        if name in ("one account, 50 likes", "click flood, one account"):
            assert accounts == 1 and len(on) in (50, 1_000)
        elif name == "20 accounts, half an hour":
            assert accounts == FEW == len(on)
        elif "5" in name:
            assert accounts == FIVE == len(on)
        else:
            assert accounts == trial.accounts == len(on) == USERS // 100
        known = set(trial.events.users)
        if name == REAL:
            assert sum(one.user in known for one in found) > accounts / 2
        elif "known" in name:
            assert all(one.user in known for one in found)
        else:
            assert not known & {one.user for one in found}
        with_fillers = ("average", "bandwagon", "segment", "love", "filler")
        relevant = FILLERS * accounts if any(word in name for word in with_fillers) else 0
        assert fillers == relevant
        dislikes = name in NUKE and name != "nuke by likes"
        assert {one.event for one in on} <= ({"dislike"} if dislikes else {"like", "click"})


def test_without_defences_a_push_reaches_all_and_with_them_nobody(trial):
    off = trial.run("push, half an hour", "live", False)
    assert [one.target for one in off][0] == "new"
    new = off[0]
    assert new.control == 0 and new.attacked == 1.0 and new.stranger is not None and new.intrudes
    on = trial.run("push, half an hour", "live", True)
    assert on[0].attacked == 0 and not on[0].intrudes
    # one unique user is left of the attack: enough to move an item that stands at the end of lists
    (row,) = summary([off[0], on[0]])
    assert row["held"] is True and row["off"]["excess"] > 0.5
    table = attack_table({"worst": [row]})
    assert table.row_count == 1


def test_after_a_night_as_well(trial):
    off = trial.run("push, half an hour", "night", False)[0]
    on = trial.run("push, half an hour", "night", True)[0]
    assert off.attacked > 0.5 > on.attacked == 0


def test_a_real_burst_is_not_taken_for_an_attack(trial):
    off, on = (trial.run(REAL, "live", defences) for defences in (False, True))
    (row,) = summary([*off, *on])
    assert row["held"] is True
    assert on[0].attacked >= 0.5 * off[0].attacked > 0


def test_the_control_run_has_nothing_of_the_attack(trial):
    control = trial.control("live", True)
    assert control is trial.control("live", True)
    assert control == trial.lists(trial.live(True))
    assert not control.share(NEW) and control.place(NEW) is None


def test_planted_events_lie_in_the_table_in_order(trial):
    some = trial.planted("average", NEW)
    found = with_planted(trial.events, some)
    assert len(found) == len(trial.events) + len(some)
    assert (np.diff(found.time) >= 0).all()
    mine = [found.users[int(u)] for u in found.user if found.users[int(u)].startswith("fake-")]
    assert len(mine) == len(some)
    assert with_planted(trial.events, ()) is trial.events


def outcome(name: str, on: bool, control: float, attacked: float, place: int | None) -> Outcome:
    return Outcome(name, "live", on, "new", control, attacked, place, None)


@pytest.mark.parametrize(
    ("name", "on", "off", "held"),
    [
        ("average", (0.0, 0.05, None), (0.0, 1.0, 1), True),
        ("average", (0.0, 0.06, None), (0.0, 1.0, 1), False),
        ("average", (0.0, 0.0, 10), (0.0, 1.0, 1), False),
        ("nuke, half an hour", (0.5, 0.45, None), (0.5, 0.1, None), True),
        ("nuke, half an hour", (0.5, 0.4, None), (0.5, 0.1, None), False),
        (REAL, (0.0, 0.4, 1), (0.0, 0.8, 1), True),
        (REAL, (0.0, 0.39, 1), (0.0, 0.8, 1), False),
    ],
)
def test_what_is_demanded(name, on, off, held):
    (row,) = summary([outcome(name, True, *on), outcome(name, False, *off)])
    assert row["held"] is held


def test_undated_events_and_short_histories_are_refused():
    events = worlds.event_table([Event("ann", "x", "like")])
    with pytest.raises(DataError, match="have a time"):
        AttackTrial(events, item_table([]), EventWeights(), popular)
    events = worlds.event_table([Event("ann", "x", "like", timestamp=worlds.START)])
    with pytest.raises(DataError, match="no user has 3 events"):
        AttackTrial(events, item_table([]), EventWeights(), popular)
    assert set(PUSH) | set(NUKE) | {TRAFFIC, REAL} == set(ATTACKS)
