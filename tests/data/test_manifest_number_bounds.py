"""Bounds on the numbers of manifests: what is refused, and why."""

import json

import pytest

from recsys.data.manifest_number_bounds import COUNT, DIVISOR, WEIGHT, finite, whole


@pytest.mark.parametrize("wrong", [None, True, "1", [], {}, "x" * 70_000])
def test_what_is_no_number_is_a_type_error_with_its_name(wrong):
    with pytest.raises(TypeError, match="lift is .*, not a number") as caught:
        WEIGHT.check("lift", wrong)
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize("wrong", [2e9, -2e9, float("nan"), float("inf"), 10**400])
def test_numbers_beyond_the_bounds_are_refused(wrong):
    with pytest.raises(ValueError, match="lift is .*, not between -1e[+]09 and 1e[+]09"):
        WEIGHT.check("lift", wrong)


def test_ends_are_accepted_and_0_is_no_divisor():
    assert [WEIGHT.check("w", one) for one in (-1e9, 0, 1e9)] == [-1e9, 0.0, 1e9]
    assert DIVISOR.check("scale", 1e-6) == 1e-6
    for wrong in (0.0, -1.0, 1e-320):
        with pytest.raises(ValueError, match="scale"):
            DIVISOR.check("scale", wrong)


def test_counts_are_whole():
    assert COUNT.check_whole("n", 3.0) == 3 and isinstance(COUNT.check_whole("n", 3.0), int)
    for wrong in (3.5, -1):
        with pytest.raises(ValueError, match="n is"):
            COUNT.check_whole("n", wrong)


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400, str(2**63), str(-(2**70))]
)
def test_json_with_numbers_that_nothing_holds_is_refused(text):
    def load(document):
        return json.loads(document, parse_float=finite, parse_int=whole, parse_constant=finite)

    assert load("[1, -0, 2.5e3]") == [1, 0, 2500.0]
    with pytest.raises(ValueError, match="number"):
        load(f"[{text}]")
