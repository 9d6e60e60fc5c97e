"""A user counts once per item, live as at night; an unusual group of accounts counts like one
user.
"""

from dataclasses import replace

import numpy as np
import pytest
import worlds

from recsys.array_types import Floats
from recsys.data.account_mix_anomalies import LEAST, AccountMix, count_unique_users
from recsys.data.event_kind_weights import EventWeights
from recsys.data.item_account_cusum import ItemAccountMix, Platform, Steps
from recsys.serving.item_popularity_from_events import DAY, HALF_LIVES
from recsys.serving.live_event import LiveEvent, weights_of
from recsys.serving.popularity_counters import PopularityCounters
from recsys.serving.unique_users import UniqueUsers

ITEMS = 12
START = 1.7e9


def result(
    seed: int,
    people: int = 400,
    count: int = 3_000,
    crowd: int = 0,
    kinds_of_crowd: tuple[str, ...] = ("like",),
) -> list[LiveEvent]:
    """Return acts of a platform, some repeated, and of a crowd that comes for item 0 alone."""
    rng = np.random.default_rng(seed)
    who = rng.integers(0, people, count)
    item = np.minimum(rng.zipf(1.5, count), ITEMS) - 1
    time = START + np.sort(rng.uniform(0, 60 * DAY, count))
    kinds = rng.choice(np.array(["like", "view", "dislike", "save"]), count, p=[0.5, 0.3, 0.1, 0.1])
    acts = [
        LiveEvent(f"i{i}", str(k), None, float(t), 0.0, f"u{w}")
        for w, i, k, t in zip(who, item, kinds, time, strict=True)
    ]
    last = acts[-1].timestamp
    return acts + [
        LiveEvent("i0", kind, None, last + n / 100 + turn, 0.0, f"bot{n}")
        for turn, kind in enumerate(kinds_of_crowd)
        for n in range(crowd)
    ]


def night(acts: list[LiveEvent], weights: EventWeights) -> tuple[PopularityCounters, AccountMix]:
    """Count a table as a night does."""
    found, stated = weights_of(acts, weights, (0.0, 1.0))
    names = list(dict.fromkeys(str(act.actor) for act in acts))
    user = np.array([names.index(str(act.actor)) for act in acts], np.int32)
    item = np.array([int(act.item_id[1:]) for act in acts], np.int32)
    time = np.array([act.timestamp for act in acts])
    counts, account_mix = count_unique_users(user, item, found < 0, time, len(names), ITEMS)
    weight = found * counts
    return PopularityCounters.from_events(ITEMS, item, weight, stated, time, user), account_mix


def live(
    acts: list[LiveEvent], weights: EventWeights, step: int
) -> tuple[PopularityCounters, UniqueUsers]:
    """Count the same acts as they come, some at a time."""
    counters, unique_users = PopularityCounters.empty(ITEMS), UniqueUsers(AccountMix.empty(ITEMS))
    for start in range(0, len(acts), step):
        some = acts[start : start + step]
        found, stated = weights_of(some, weights, (0.0, 1.0))
        rows = np.array([int(act.item_id[1:]) for act in some], np.int32)
        unique_users.observe(some, rows, found, stated, counters)
    return counters, unique_users


def shares(counters: PopularityCounters) -> Floats:
    """Return what lists read of the counters."""
    return np.concatenate([counters.log_shares(), counters.like_rate()[None]])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("crowd", [0, 60])
@pytest.mark.parametrize("step", [1, 50])
def test_live_is_night(seed, crowd, step):
    alike(result(seed, crowd=crowd), step)


@pytest.mark.parametrize("does", [("dislike",), ("like", "dislike"), ("dislike", "view")])
def test_live_is_night_where_a_crowd_dislikes(does):
    alike(result(1, crowd=60, kinds_of_crowd=does), step=17)


def alike(acts: list[LiveEvent], step: int) -> None:
    """Compare what a night and a live state count, and the sums of each company."""
    weights = EventWeights()
    wanted, account_mix = night(acts, weights)
    found, unique_users = live(acts, weights, step)
    found.few = wanted.few  # which is read off the first counts
    np.testing.assert_allclose(shares(found), shares(wanted), atol=1e-4)
    for sign, wanted_sums in enumerate((account_mix.sums, account_mix.against)):
        sums = np.array([unique_users.sums(row, sign) for row in range(ITEMS)])
        np.testing.assert_allclose(sums, wanted_sums, atol=1e-3)


@pytest.mark.parametrize("kind", ["view", "like", "save"])
def test_one_person_is_one_voice_at_every_half_life(kind):
    acts, weights = result(0), EventWeights()
    once = [*acts, LiveEvent("i11", kind, None, acts[-1].timestamp + 600, 0.0, "fan")]
    often = acts + [
        LiveEvent("i11", kind, None, acts[-1].timestamp + n, 0.0, "fan") for n in range(1, 601)
    ]
    one, many = night(once, weights)[0], night(often, weights)[0]
    for life in range(len(HALF_LIVES)):
        np.testing.assert_allclose(many.uptake(life, ITEMS), one.uptake(life, ITEMS), rtol=1e-6)
    np.testing.assert_allclose(many.likes, one.likes)


def test_a_crowd_that_comes_for_one_thing_counts_like_one_voice():
    weights = EventWeights()
    before, _ = night(result(0), weights)
    after, account_mix = night(result(0, crowd=60), weights)
    assert after.uptake(6, ITEMS)[0] - before.uptake(6, ITEMS)[0] == pytest.approx(1.0)
    assert account_mix.excess[0].max() == 59 and not account_mix.excess[1:].any()
    assert np.isfinite(account_mix.span[0]).all()


@pytest.mark.parametrize("does", [("dislike",), ("like", "dislike")])
def test_a_crowd_that_dislikes_counts_like_one_voice(does):
    """Also if it liked the item first, and however many others like it."""
    weights = EventWeights()
    before, _ = night(result(0), weights)
    after, account_mix = night(result(0, crowd=60, kinds_of_crowd=does), weights)
    assert after.dislikes[0] - before.dislikes[0] <= 1 + 1e-5
    assert after.likes[0] - before.likes[0] <= 1
    assert account_mix.excess[0].max() >= 59 and not account_mix.excess[1:].any()


def test_a_drip_of_dislikes_among_many_likes_counts_like_one_voice():
    """60 accounts of one act each, beside three times as many likes by the usual users."""
    acts, weights = result(0, people=2_000), EventWeights()
    rng, start, span = np.random.default_rng(4), acts[-1].timestamp, 7 * DAY
    likes = [
        LiveEvent("i5", "like", None, start + span * rng.random(), 0.0, f"u{n}") for n in range(180)
    ]
    drip = [
        LiveEvent("i5", "dislike", None, start + span * rng.random(), 0.0, f"bot{n}")
        for n in range(60)
    ]
    before, _ = night(acts + sorted(likes, key=lambda act: act.timestamp), weights)
    both = sorted(likes + drip, key=lambda act: act.timestamp)
    after, _ = night(acts + both, weights)
    assert after.dislikes[5] - before.dislikes[5] <= 2
    assert after.likes[5] == pytest.approx(before.likes[5])
    found, _ = live(acts + both, weights, 50)
    assert found.dislikes[5] == pytest.approx(after.dislikes[5])


def test_a_burst_of_the_usual_people_counts_whole():
    acts, weights = result(0), EventWeights()
    last = acts[-1].timestamp
    burst = [LiveEvent("i11", "like", None, last + n, 0.0, f"u{n}") for n in range(60)]
    before, after = night(acts, weights)[0], night(acts + burst, weights)[0]
    new = {act.actor for act in burst} - {a.actor for a in acts if a.item_id == "i11"}
    more = after.uptake(6, ITEMS)[11] - before.uptake(6, ITEMS)[11]
    assert more == pytest.approx(len(new), abs=0.5 * len(burst))


def test_a_platform_of_new_people_alarms_nobody():
    people = [
        LiveEvent(f"i{n % ITEMS}", "like", None, START + n, 0.0, f"u{n}") for n in range(5_000)
    ]
    _, account_mix = night(people, EventWeights())
    assert not account_mix.excess.any()


def test_few_voices_are_never_an_excess():
    acts = result(1)
    for few in (1, 2, 3):
        _, account_mix = night(
            acts + result(1, crowd=60)[len(acts) : len(acts) + few], EventWeights()
        )
        assert not account_mix.excess.any()


def test_company_is_read_back_and_old_bundles_have_none():
    _, account_mix = night(result(0, crowd=60), EventWeights())
    again = AccountMix.from_arrays(account_mix.arrays(), ITEMS)
    assert again.platform == account_mix.platform and np.array_equal(again.sums, account_mix.sums)
    assert AccountMix.from_arrays({}, 3).sums.shape == (3, 4)
    assert AccountMix.empty().platform == Platform() and (AccountMix.empty().heights == LEAST).all()


def test_one_person_cannot_vote_an_item_down():
    made, moment = worlds.live(), worlds.topics().now
    if made.opinions is None:
        pytest.skip("the world has no opinions")
    row = made.row("sea-1")
    one = [LiveEvent("sea-1", "dislike", None, moment + n, 0.0, "foe") for n in range(50)]
    made.add_events(one[:1])
    base = float(made.opinions.bases[row])
    made.add_events(one[1:])
    assert float(made.opinions.bases[row]) == base


def test_without_the_defence_every_act_counts():
    made = worlds.live()
    off = type(made)(made.model, replace(made.weights, account_tests=False))
    row, moment = made.row("sea-1"), worlds.topics().now
    acts = [LiveEvent("sea-1", "like", None, moment + n, 0.0, "fan") for n in range(50)]
    before = float(made.counters.uptake(6, made.size)[row])
    for live_ in (made, off):
        live_.add_events(acts)
    assert float(made.counters.uptake(6, made.size)[row]) <= before + 1.01
    assert float(off.counters.uptake(6, off.size)[row]) == pytest.approx(before + 50)


def test_the_ages_of_accounts_are_kept_of_groups_only():
    from recsys.data.account_mix_anomalies import GROUP, births_by_number

    first_act = np.arange(23.0)
    numbers = np.arange(100, 123)
    found = births_by_number(numbers, first_act)
    assert len(found) == 4 and np.all(np.diff(found, axis=0) > 0)
    assert found[0].tolist() == [numbers[:6].mean(), first_act[:6].mean()]
    assert found[-1, 0] == numbers[-1]
    assert len(births_by_number(numbers[: GROUP - 1], first_act[: GROUP - 1])) == 0


def test_an_attack_takes_nothing_from_the_voices_of_others():
    """Whoever floods an item that others like as well leaves these what they had."""
    acts, weights = result(0), EventWeights()
    last = acts[-1].timestamp
    popular = [LiveEvent("i0", "like", None, last + n, 0.0, f"fake{n}") for n in range(60)]
    against = [LiveEvent("i0", "dislike", None, last + n, 0.0, f"fake{n}") for n in range(60)]
    before, _ = night(acts, weights)
    for attack in (popular, against):
        after, account_mix = night(acts + attack, weights)
        assert account_mix.excess[0].max() > 50
        assert after.uptake(6, ITEMS)[0] >= before.uptake(6, ITEMS)[0] - 1e-6
        assert after.likes[0] >= before.likes[0] - 1e-6
        assert after.dislikes[0] <= before.dislikes[0] + 2
        found, _ = live(acts + attack, weights, 50)
        assert found.likes[0] >= before.likes[0] - 1e-3


def test_items_attacked_at_the_same_time_do_not_lift_the_alarm_height():
    """Five items with 1.5 % of the unique users between them: each counts like one unique user."""
    rng = np.random.default_rng(7)
    people, items = 2_000, 400
    user, item = rng.integers(0, people, 40_000), rng.integers(0, items, 40_000)
    time = START + np.sort(rng.uniform(0, 200 * DAY, 40_000))
    fake = np.repeat(np.arange(people, people + 600), 1)
    target = np.repeat(np.arange(items, items + 5), 120)
    order = rng.permutation(600)
    who = np.concatenate([user, fake[order]]).astype(np.int32)
    what = np.concatenate([item, target[order]]).astype(np.int32)
    when = np.concatenate([time, time[-1] + np.arange(600.0)])
    positive = np.zeros(len(who), bool)
    counts, account_mix = count_unique_users(who, what, positive, when, people + 600, items + 5)
    assert counts[:40_000].mean() > 0.99
    assert all(counts[what == row].sum() <= 2 for row in range(items, items + 5))
    assert (account_mix.heights < 30).all()


def test_attacks_on_items_with_many_voices_do_not_lift_the_alarm_height():
    """Four items with a tenth of all unique users: honest ones among them keep what they have."""
    rng = np.random.default_rng(8)
    people, items, acts = 2_000, 400, 40_000
    user, item = rng.integers(0, people, acts), rng.integers(4, items, acts)
    item[: acts // 10] = rng.integers(0, 4, acts // 10)
    item = rng.permutation(item)
    time = START + np.sort(rng.uniform(0, 200 * DAY, acts))
    positive = np.zeros(acts, bool)
    before, clean = count_unique_users(user, item, positive, time, people, items)
    times = np.concatenate([time, time[-1] - DAY * rng.random(480)])
    order = np.argsort(times, kind="stable")
    who = np.concatenate([user, np.arange(people, people + 480)])[order]
    what = np.concatenate([item, np.arange(480) % 4])[order]
    positive = np.zeros(len(who), bool)
    counts, account_mix = count_unique_users(who, what, positive, times[order], people + 480, items)
    assert (account_mix.heights <= 2 * clean.heights).all()
    assert counts[who >= people].sum() <= 4 * 3
    assert (~counts[who < people]).sum() <= (~before).sum() + 2


def test_what_else_somebody_did_counts_on_after_a_withdrawal():
    made = worlds.live()
    row, moment = made.row("sea-1"), worlds.topics().now + 60
    before = float(made.counters.uptake(6, made.size)[row]), float(made.counters.likes[row])
    view = LiveEvent("sea-1", "view", None, moment, 0.0, "fan")
    like = LiveEvent("sea-1", "like", None, moment + 1, 0.0, "fan")
    made.add_events([view, like])
    assert made.counters.likes[row] == pytest.approx(before[1] + 1)
    back = LiveEvent("sea-1", "unlike", None, moment + 2, 0.0, "fan", withdrawn=(like,))
    made.add_events([back])
    assert made.counters.likes[row] == pytest.approx(before[1])
    left = float(made.counters.uptake(6, made.size)[row]) - before[0]
    assert left == pytest.approx(made.weights.of_kind("view"), abs=1e-4)


def test_ratings_that_an_alarm_took_back_stay_so_when_the_scale_moves():
    made, moment = worlds.live(), worlds.topics().now + 60
    row, other = made.row("sea-1"), made.row("sea-2")
    likes, dislikes = float(made.counters.likes[row]), float(made.counters.likes[other])
    fakes = [LiveEvent("sea-1", "rating", 9.0, moment + n, 0.0, f"fake{n}") for n in range(60)]
    made.add_events(fakes[:40])
    made.add_events(fakes[40:])
    assert made.unique_users is not None and made.unique_users.excess[row].unique_users > 50
    for number in range(200):  # of users who are known: the scale is learned anew some times
        who, value = f"reader-{number % 50}", 1.0 + number % 10
        act = LiveEvent(
            "sea-2", "rating", value, moment + 100 + number, 0.0, who, first_act=worlds.START
        )
        made.add_events([act])
    assert made.scale.known
    assert made.counters.likes[row] - likes < 3
    assert 0 <= made.counters.likes[other] - dislikes <= 50 * 2  # a user counts once


def test_an_excess_is_one_person_for_trends():
    made, moment = worlds.live(), worlds.topics().now + 60
    row = made.row("sea-1")
    made.add_events(
        [LiveEvent("sea-1", "like", None, moment + n, 0.0, f"fake{n}") for n in range(60)]
    )
    hour = int(moment // 3_600)
    rows, people, _, _ = made.recent_activity.acts(hour, hour + 2)
    assert (rows == row).sum() == 60
    assert len(np.unique(people[rows == row])) <= 3


def test_an_alarm_leaves_as_many_voices_as_the_others_let_expect():
    """Of a platform where four of five unique users have a property, 40 with it stand beside 10."""
    account_mix, heights = ItemAccountMix([0.0] * 4), [12.0] * 4
    steps = Steps([0.2] * 4, [-0.7] * 4, [4.0] * 4)
    counts, number = {}, 0
    for has in [1, 1, 1, 1, 0] * 10 + [1] * 100:
        counts[number], taken = account_mix.observe(number, has, steps, heights)
        counts.update(dict.fromkeys(taken, False))
        number += 1
    first = [counts[n] for n in range(50)]
    assert all(first) and account_mix.sums[0] >= 12.0
    assert 50 <= sum(counts.values()) <= 52
    more = [account_mix.observe(number + n, n % 5 != 0, steps, heights)[0] for n in range(10)]
    assert sum(more) >= 8  # the usual mix goes on counting, whatever the attack did before
