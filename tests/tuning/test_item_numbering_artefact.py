"""Direction in files without times: kept where it is order, left where it is a numbering."""

import numpy as np
import pytest
import worlds

from recsys.data.event_kind_weights import EventWeights
from recsys.data.records import Event, Item
from recsys.data.table_builder import item_table
from recsys.models.engine_definitions import Engine
from recsys.models.item_to_item_weights import ItemWeights
from recsys.training.model_builder import TextVectors, known_interactions
from recsys.tuning.cpu_budget import Budget
from recsys.tuning.engine_catalogue import Family
from recsys.tuning.engine_preselection import Preselection
from recsys.tuning.engine_selection import assembled
from recsys.tuning.item_numbering_artefact import gains_both_ways, numberings, steps_up
from recsys.tuning.validation_splits import validation

N_ITEMS = 48
CHAIN = 12  # items of a chain, which users take up together


def events_in(order, users=400, seed=0):
    """Return undated likes: each user takes up some of one chain, in an order of the items."""
    rng = np.random.default_rng(seed)
    found = []
    for user in range(users):
        chain = np.arange(CHAIN) + CHAIN * int(rng.integers(N_ITEMS // CHAIN))
        taken = order(np.roll(chain, int(rng.integers(CHAIN))), rng)
        found += [Event(f"user-{user:03}", f"item-{one:02}", "like") for one in taken]
    return worlds.event_table(found)


def chained(chain, rng):
    """A run of the chain, which has no first item."""
    return chain[: int(rng.integers(4, 7))].tolist()


def by_number(chain, rng):
    """The order of the article number; some users end with the first."""
    taken = sorted(rng.choice(chain, 6, replace=False).tolist(), key=SKU.__getitem__)
    return taken[1:] + taken[:1] if rng.random() < 0.15 else taken


SKU = dict(enumerate(np.random.default_rng(9).permutation(N_ITEMS).tolist()))


def check_of(order):
    items = [Item(f"item-{one:02}", metadata={"sku": f"S{SKU[one]:03}"}) for one in range(N_ITEMS)]
    return validation(events_in(order), item_table(items), EventWeights())[1]


def test_ids_and_fields_with_distinct_values_may_be_numberings():
    items = [
        Item(f"item-{one}", metadata={"sku": str(one), "shelf": "a", "price": one % 3})
        for one in range(40)
    ]
    table = worlds.event_table([Event("ann", "item-1", "like")] * 2)
    check = validation(table, item_table(items), EventWeights())[1]
    found = list(numberings(check.data.table))
    assert len(found) == 2
    assert found[0][:2] == ["item-0", "item-1"] and found[1][:2] == ["0", "1"]


def test_a_step_is_up_or_down_from_the_last_item_of_the_history():
    table = worlds.event_table(
        Event(user, item, "like")
        for user, items in {"ann": "bca", "ben": "abc", "cem": "ab"}.items()
        for item in items
    )
    check = validation(table, item_table([]), EventWeights())[1]
    ids = [check.data.items[row] for row in range(len(check.data.items))]
    up, down = steps_up(check, ids)
    assert up.tolist() == [False, True, True] and down.tolist() == [True, False, False]


def test_direction_has_to_gain_on_steps_up_and_on_steps_down():
    check = check_of(chained)
    zero = np.zeros(len(check))
    _, skus = numberings(check.data.table)
    up, down = steps_up(check, skus)
    assert up.any() and down.any()
    assert gains_both_ways([check], zero + 0.1, zero)
    assert not gains_both_ways([check], np.where(up, 0.1, -0.1), zero)
    assert not gains_both_ways([check], zero, zero)


def engine(names, ahead):
    """Return an engine that knows the chains, and of a pair in one chain whether `ahead` holds."""
    numbers = [int(name.rpartition("-")[2]) for name in names]

    def fit(data, seed, device):
        square = np.array(
            [
                [(one // CHAIN == other // CHAIN) * (1.0 + ahead(one, other)) for other in numbers]
                for one in numbers
            ],
            np.float32,
        )
        square += 0.1 * np.random.default_rng(seed).random(square.shape, np.float32)
        np.fill_diagonal(square, 0.0)
        return ItemWeights.from_dense(square, len(numbers))

    return Engine(f"knows {ahead.__name__}", "neighbours", fit, lambda data: 0.0)


def nothing(one, other):
    return False


def next_in_chain(one, other):
    return (other - one) % CHAIN == 1


def greater_number(one, other):
    return SKU[other] > SKU[one]


@pytest.mark.parametrize(
    ("order", "ahead", "kept"), [(chained, next_in_chain, True), (by_number, greater_number, False)]
)
def test_a_search_keeps_order_and_leaves_a_numbering(order, ahead, kept):
    check = check_of(order)
    names = [check.data.items[row] for row in range(len(check.data.items))]
    words, notes = TextVectors.none(len(names)), []
    search = Preselection(
        [check],
        [known_interactions(check.data, words)],
        lambda fold, name, part: assembled(check, {name: part}, words, 0, None)[name],
        Budget(2.0),
        0,
        "cpu",
        notes.append,
        notes.append,
        [],
    )
    engines = [engine(names, nothing), engine(names, ahead)]
    family = Family("knows", ((0.0, 1.0),), (0,), lambda n: engines[int(n[0])], direction=0)
    assert [one.name for one in search.run([family])] == [engines[kept].name]
    assert search.values[engines[1].name] > search.values[engines[0].name]
    assert [row["kept"] for row in search.rows if "direction" in row] == [kept]
    assert any("follows a numbering" in note for note in notes) is not kept
