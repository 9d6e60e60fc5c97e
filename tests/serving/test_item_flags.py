"""ItemFlags: flags as numbers by row, in a bundle and for what is posted later."""

from dataclasses import replace

import numpy as np
import pytest
import worlds

from recsys.data.records import Item
from recsys.ranking import nonpersonal_lists
from recsys.ranking.query import Filters, Interaction, Query
from recsys.recommender import Recommender
from recsys.safety.flags import Flag
from recsys.serving.item_flags import BITS, ItemFlags
from recsys.serving.live_state import LiveState

NOW = worlds.topics().now
SAILOR = tuple(Interaction(f"sea-{n}", "like", timestamp=NOW - 10 + n) for n in (1, 4, 6))
ALL = len(worlds.model())


def flagged(*flags):
    return {"flags": [flag.document() for flag in flags]}


def copy(of, score=0.9):
    return Flag("duplicate", score, "", of)


def test_flags_of_a_catalogue():
    ids = ["a", "b", "c", "d", "e", "f"]
    marks = ItemFlags.of_items(
        ids,
        [
            {},
            flagged(copy("a"), Flag("spam", 0.5, "")),
            flagged(copy("a", 0.8)),
            flagged(copy("gone")),
            flagged(copy("gone")),
            flagged(Flag("spoiler", 0.7, "")),
        ],
    )
    assert marks.score.tolist() == pytest.approx([0, 0.9, 0.8, 0.9, 0.9, 0.7])
    assert marks.group[0] == marks.group[1] == marks.group[2] >= 0
    assert marks.group[3] == marks.group[4] not in (-1, marks.group[0])
    assert marks.group[5] == -1
    assert marks.counts(np.ones(6, bool)) == {
        **dict.fromkeys(BITS, 0),
        "duplicate": 4,
        "spam": 1,
        "other": 1,
    }
    assert marks.counts(np.array([True, False]))["duplicate"] == 0


def test_saved_marks_go_on(tmp_path):
    before = ItemFlags.of_items(["a", "b"], [{}, flagged(copy("a"))])
    again = ItemFlags.from_arrays(before.arrays(), 5)
    assert again.some and again.score[1] == before.score[1] and again.score[4] == 0
    again.set(3, [copy("elsewhere")], lambda item_id: -1)
    assert again.group[3] not in (-1, again.group[1])
    assert before.arrays()["score"].shape == (2,)
    blank = ItemFlags.from_arrays({}, 3)
    assert not blank.some and blank.group.tolist() == [-1, -1, -1]


@pytest.fixture
def live():
    return worlds.live()


def ranked(live, n=ALL, **queried):
    query = Query(history=SAILOR, n=n, now=NOW, explain=True, **queried)
    return {one.item_id: one for one in Recommender(live).recommend(query)}


def test_a_flagged_item_is_shown_lower_and_not_dropped(live):
    live.add_item(Item("good", title="tide wave", created_at=NOW))
    live.add_item(
        Item(
            "bad", title="tide wave", created_at=NOW, metadata=flagged(Flag("insult", 0.8, "idiot"))
        )
    )
    found = ranked(live)
    assert found["bad"].rank > found["good"].rank
    spread = np.std([one.score for one in found.values()])
    assert 0.3 * spread < found["good"].score - found["bad"].score < 1.5 * spread
    live.marks.weight = 0.0
    assert ranked(live)["bad"].score == pytest.approx(ranked(live)["good"].score)


def test_the_penalty_is_a_part_of_the_score(live):
    live.add_item(
        Item("bad", title="tide", created_at=NOW, metadata=flagged(Flag("scam", 1.0, "")))
    )
    recommender = Recommender(live)
    scored = recommender.score(Query(history=SAILOR, now=NOW))
    row, other = live.row("bad"), live.row("sea-9")
    result = {at: sum(p.value for p in recommender.parts(scored, at)) for at in (row, other)}
    score = {at: scored.scores[scored.place(at)] for at in (row, other)}
    assert result[row] - result[other] == pytest.approx(score[row] - score[other], abs=1e-4)
    assert [p.value < 0 for p in recommender.parts(scored, row) if p.kind == "flagged"] == [True]


def test_of_copies_the_best_one_is_shown(live):
    live.add_item(Item("one", title="tide wave", created_at=NOW))
    for number in range(3):
        live.add_item(
            Item(f"copy-{number}", title="tide wave", created_at=NOW, metadata=flagged(copy("one")))
        )
    group = {"one", "copy-0", "copy-1", "copy-2"}
    assert group & set(ranked(live)) == {"one"}
    assert group & set(ranked(live, n=60)) == {"one"}
    for listed in (
        nonpersonal_lists.search(live, "tide wave", 50, Filters()),
        nonpersonal_lists.latest(live, 50, Filters()),
        nonpersonal_lists.similar(live, "sea-3", 50, Filters()),
        nonpersonal_lists.popular(live, 80, Filters()),
    ):
        assert len(group & {one.item_id for one in listed}) == 1
    live.remove_item("one")
    assert len(group & set(ranked(live))) == 1
    assert live.marks.counts(~live.gone[: live.size])["duplicate"] == 3


def test_the_latest_of_copies_is_the_newest(live):
    live.add_item(Item("one", title="tide wave", created_at=NOW - 60))
    live.add_item(Item("between", title="another", created_at=NOW - 30))
    for number in range(2):
        live.add_item(
            Item(
                f"copy-{number}",
                title="tide wave",
                created_at=NOW + number,
                metadata=flagged(copy("one")),
            )
        )
    assert [one.item_id for one in nonpersonal_lists.latest(live, 2, Filters())] == [
        "copy-1",
        "between",
    ]
    live.remove_item("copy-1")
    assert [one.item_id for one in nonpersonal_lists.latest(live, 2, Filters())] == [
        "copy-0",
        "between",
    ]
    live.remove_item("copy-0")
    assert [one.item_id for one in nonpersonal_lists.latest(live, 2, Filters())] == [
        "between",
        "one",
    ]


def test_a_copy_by_somebody_else_does_not_stand_for_an_authors_work(live):
    def post(name, author, at):
        live.add_item(
            Item(
                name,
                title="tide wave",
                author_id=author,
                created_at=NOW + at,
                metadata={} if name == "one" else flagged(copy("one")),
            )
        )

    post("one", "ann", 0)
    post("again", "ann", 10)
    post("stolen", "bob", 20)
    group = {"one", "again", "stolen"}
    assert group & {one.item_id for one in nonpersonal_lists.latest(live, 80, Filters())} == {
        "again"
    }


def test_a_copy_of_what_was_read_is_not_shown(live):
    live.add_item(Item("copy", title="tide wave", metadata=flagged(copy("sea-4"))))
    live.add_item(Item("other", title="tide wave", metadata=flagged(copy("sea-9"))))
    found = set(ranked(live))
    assert "copy" not in found and len({"other", "sea-9"} & found) == 1
    newest = {one.item_id for one in nonpersonal_lists.latest(live, 80, Filters())}
    assert len({"copy", "sea-4"} & newest) == 1  # lists for everybody know no reader
    query = Query(history=SAILOR, now=NOW)
    service = Recommender(live)
    request = service.score(query).request
    result = {
        name: service.closed(query, request, live.row(name)) for name in ("copy", "sea-4", "other")
    }
    assert result == {"copy": "copy", "sea-4": "seen", "other": ""}


def test_an_original_that_comes_after_its_copy_joins_it(live):
    live.add_item(Item("copy", title="tide wave", created_at=NOW, metadata=flagged(copy("one"))))
    live.add_item(Item("one", title="tide wave", created_at=NOW))
    assert {"one", "copy"} & set(ranked(live)) == {"one"}


def test_an_edited_original_keeps_its_group(live):
    live.add_item(Item("copy", title="tide", metadata=flagged(copy("sea-9"))))
    live.add_item(Item("sea-9", title="tide wave"))
    rows = [live.row(name) for name in ("copy", "sea-9")]
    assert len(set(live.marks.group[rows])) == 1
    live.add_item(Item("copy", title="quite another"))
    assert live.marks.score[live.row("copy")] == 0


def test_the_flags_of_a_model_are_read(tmp_path):
    marks = ItemFlags.of_items(
        list(worlds.model().catalogue.ids), [flagged(Flag("spam", 1.0, ""))] + [{}] * (ALL - 1)
    )
    live = LiveState(replace(worlds.model(), flags=marks.arrays()), flag_weight=2.0)
    assert live.marks.some and live.marks.weight == 2.0
    for number in range(600):
        live.add_item(Item(f"post-{number}", title="wave", metadata=flagged(copy("sea-2"))))
    assert live.marks.score[live.size - 1] == pytest.approx(0.9)
    assert live.marks.group[live.size - 1] == live.marks.group[live.row("sea-2")]
