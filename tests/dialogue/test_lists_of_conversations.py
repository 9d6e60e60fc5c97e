"""Links of words, filters of a conversation and what naming a tag implies, in the tiny world."""

from dataclasses import replace

import api_world as world
import numpy as np
import pytest

from recsys.dialogue.commands import Find, Steer, Target
from recsys.dialogue.comparable_fields import ItemFields, years_of
from recsys.dialogue.conversation import Conversation, Critique, conversation_of
from recsys.dialogue.conversation_list import ConversationList, target_mask
from recsys.dialogue.label_linking import LabelIndex
from recsys.dialogue.rational_speech_acts import log_likelihood, tags_of
from recsys.errors import DataError
from recsys.personal_list import ListRequest, UserState, query_of
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState


@pytest.fixture(scope="module")
def live():
    return LiveState(world.model())


@pytest.fixture(scope="module")
def labels(live):
    return LabelIndex(live, lambda name: [("author-1", "Ada Wong")] if name == "ada wong" else [])


def fields(live):
    return ItemFields(live, lambda texts: np.array(["tide" in one for one in texts], np.float32))


@pytest.mark.parametrize(
    ("words", "kind", "value"),
    [
        ("chess", "category", "chess"),
        ("the Harbours", "tag", "harbour"),
        ("harbuor", "tag", "harbour"),
        ("ada wong", "author", "author-1"),
        ("90s", "years", "1990-1999"),
        ("wave anchor", "words", "wave anchor"),
        ("english", "language", "en"),
    ],
)
def test_words_are_linked(labels, words, kind, value):
    target = labels.link(words).target
    assert (target.kind, target.value) == (kind, value)


def test_what_nothing_is_about_gets_the_nearest(labels):
    found = labels.link("harbr")
    assert found.target is None or found.target.value == "harbour"
    assert labels.link("qwzx").target is None and labels.link("qwzx").options == ()


def test_a_title_is_an_item(labels, live):
    found = labels.titles.link("rook gambit").target
    assert found.kind == "item" and live.document(live.row(found.value))["title"] == "rook gambit"
    assert labels.titles.link("rok gambit").target is not None
    assert labels.titles.link("nothing like it at all").target is None


@pytest.mark.parametrize(
    ("words", "years"),
    [
        ("the 80s", (1980, 1989)),
        ("1990s", (1990, 1999)),
        ("90年代", (1990, 1999)),
        ("八十年代", (1980, 1989)),
        ("the nineties", (1990, 1999)),
        ("2013", (2013, 2013)),
        ("after 2010", (2010, 9999)),
        ("before 1950", (1000, 1949)),
        ("the 20s", (2020, 2029)),
        ("jazz", None),
    ],
)
def test_years(words, years):
    assert years_of(words) == years


def listed(live, conversation, n=10):
    recommender = Recommender(live)
    lists = ConversationList(recommender, fields(live))
    query = query_of(UserState(None), ListRequest())
    return lists.make(query, conversation, n, further=False)


def only(words, kind="category"):
    return Critique(Steer("only", Target(words, kind, words, words)))


def test_filters_hold_together_and_the_oldest_is_relaxed_first(live):
    both = Conversation(critiques=(only("sea"), only("tide", "tag")))
    found = listed(live, both)
    assert not found.relaxed and all(one.item_id.startswith("sea") for one in found.items)
    none = Conversation(critiques=(only("sea"), only("chess"), only("rook", "tag")))
    found = listed(live, none)
    assert [one.steer.target.value for one in found.relaxed] == ["sea"]
    assert found.items and all(one.item_id.startswith("chess") for one in found.items)
    assert all(one.reasons for one in found.items)


def test_a_comparison_is_with_what_was_listed(live):
    reference = ("chess-10",)
    newer = Conversation(critiques=(only("chess"), Critique(than="newer", reference=reference)))
    found = listed(live, newer)
    assert {int(one.item_id.split("-")[1]) for one in found.items} == set(range(10))
    unknown = Conversation(find=Find(than=("cheaper",)))
    assert [one.than for one in listed(live, unknown).unknown] == ["cheaper"]


def test_lighter_ones_have_a_lighter_tone(live):
    lighter = Conversation(critiques=(only("sea"), Critique(than="lighter")))
    titles = [live.document(live.row(one.item_id))["title"] for one in listed(live, lighter).items]
    assert titles and all("tide" in title for title in titles)


def test_naming_a_tag_speaks_against_items_with_a_rarer_one(live):
    reference = tuple(f"sea-{number}" for number in range(5))  # tide, sailor, harbour, wave, anchor
    rows = np.array([live.row("sea-0"), live.row("bread-0")], np.int32)
    critique = Critique(Steer("only", Target("tide", "tag", "tide", "tide")), reference=reference)
    of_tide, of_bread = log_likelihood(live, (critique,), rows).tolist()
    assert of_tide > of_bread
    named_sea = Critique(Steer("only", Target("sea", "tag", "sea", "sea")), reference=reference)
    rarer, _ = log_likelihood(live, (named_sea,), rows).tolist()
    assert rarer < of_tide, "tide tells it apart, and was not named"
    assert log_likelihood(live, (only("sea"),), rows) is None


def test_tags_of_rows_in_any_order(live):
    rows = np.array([live.row("bread-1"), live.row("sea-0")], np.int32)
    place, codes = tags_of(live, rows)
    names = list(live.spelt("tag"))
    found = [(int(at), names[code]) for at, code in zip(place, codes, strict=True)]
    assert found == [(0, "bread"), (0, "oven"), (1, "sea"), (1, "tide")]


def test_a_state_is_written_as_json_and_read_again(live):
    state = Conversation(find=Find("jazz", than=("newer",)), language="zh")
    state = state.with_critique(only("sea")).with_controls((3,)).with_list(("sea-1", "sea-2"))
    assert conversation_of(state.as_json()) == state
    back, change = state.without_change()
    assert change.controls == (3,) and len(back.critiques) == 1
    back, change = back.without_change()
    assert change.critiques == 1 and not back.critiques
    with pytest.raises(DataError):
        conversation_of({"find": {"kind": "undo"}})


def test_a_target_is_a_mask(live):
    for target, count in (
        (Target("sea", "category", "sea"), 20),
        (Target("x", "item", "sea-1"), 1),
    ):
        assert target_mask(live, target, fields(live), live.size).sum() == count


def test_other_forms_of_labels_and_words_of_titles_are_linked(live, labels):
    assert labels.link("harbouring").target.value == "harbour"
    held = next(
        word
        for row in range(live.size)
        for word in live.document(row)["title"].split()
        if len(word) > 4 and word.isalpha() and not word.endswith(("s", "e", "y"))
    )
    found = labels.link(f"{held}ing").target
    assert (found.value or found.words).startswith(held)


def test_the_nearest_by_word_vectors_are_distinct(labels):
    options = [one.called for one in labels.link("pawnshop ocean").options]
    assert len(options) == len(set(options)) <= 3


def test_the_best_of_a_list_are_sorted_and_nothing_is_left_out(live):
    plain = listed(live, Conversation())
    newest = Critique(than="newer", order=True)
    sorted_ = listed(live, Conversation(critiques=(newest,)))
    years = fields(live).values("year")
    dates = [years[live.row(one.item_id)] for one in sorted_.items]
    assert dates == sorted(dates, reverse=True) and len(sorted_.items) == len(plain.items)
    assert [one.rank for one in sorted_.items] == list(range(1, len(sorted_.items) + 1))
    other = Conversation().with_critique(newest).with_critique(replace(newest, than="older"))
    assert [one.than for one in other.critiques] == ["older"]
    assert conversation_of(other.as_json()) == other
    toned = Critique(than="lighter", order=True)
    assert listed(live, Conversation(critiques=(toned,))).unknown == (toned,)


@pytest.mark.parametrize("words", ["harbur", "harbuor", "harbours"])
def test_one_edit_of_six_letters_is_enough(labels, words):
    assert labels.link(words).target.value == "harbour"
