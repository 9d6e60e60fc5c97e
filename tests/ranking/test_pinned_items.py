"""Pinned items: at their positions, whatever else is ranked."""

import pytest

from recsys.errors import DataError
from recsys.ranking.pinned_items import WHY, PinnedPlace, why_not, with_pins
from recsys.ranking.query import Recommendation

RANKING = [Recommendation(f"r{n}", 9.0 - n, n, "popular") for n in range(1, 6)]


def placed(*pins: tuple[str, int], ranking: list[Recommendation] = RANKING) -> list[str]:
    found = with_pins(ranking, [PinnedPlace(*pin) for pin in pins])
    assert [one.rank for one in found] == list(range(1, len(found) + 1))
    return [one.item_id for one in found]


def test_pins_stand_at_their_positions() -> None:
    assert placed(("a", 1), ("b", 3)) == ["a", "r1", "b", "r2", "r3", "r4", "r5"]
    assert placed(("b", 3), ("a", 1)) == ["a", "r1", "b", "r2", "r3", "r4", "r5"]
    assert placed() == ["r1", "r2", "r3", "r4", "r5"]


def test_several_pins_on_one_position_follow_one_another() -> None:
    assert placed(("a", 2), ("b", 2), ("c", 3))[:5] == ["r1", "a", "b", "c", "r2"]


def test_an_item_is_pinned_once_and_at_the_end_of_a_short_list() -> None:
    assert placed(("a", 2), ("a", 4))[:4] == ["r1", "a", "r2", "r3"]
    assert placed(("a", 50), ("b", 60)) == ["r1", "r2", "r3", "r4", "r5", "a", "b"]
    assert placed(("a", 7), ranking=[]) == ["a"]


def test_a_pin_has_its_reason_and_source() -> None:
    found = with_pins(RANKING, [PinnedPlace("a", 2)], "zh")[1]
    assert (found.source, found.score) == ("pinned", 0.0)
    assert [(one.kind, one.text) for one in found.reasons] == [("pinned", "置顶内容")]


@pytest.mark.parametrize("text", ["a", "a@", "a@0", "@3", "a@101", "a@-1", "a@x", "a@²"])
def test_what_is_no_pin_is_refused_by_name(text: str) -> None:
    with pytest.raises(DataError, match="ID@POSITION"):
        PinnedPlace.parse(text)


def test_an_id_may_hold_the_sign() -> None:
    assert PinnedPlace.parse("me@home@12") == PinnedPlace("me@home", 12)


def test_every_reason_against_a_pin_has_a_sentence_in_both_languages() -> None:
    for closed in WHY:
        english, chinese = why_not("x", closed), why_not("x", closed, "zh")
        assert "x" in english and "x" in chinese and english != chinese
