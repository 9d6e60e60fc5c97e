"""The hash of the tuner's code: it changes with the code, not with its comments."""

from pathlib import Path

import pytest

from recsys.tuning.tuner_code_hash import definition_of, tuner_definition

CODE = '''"""Module."""

HALF_LIVES = (1.6, 5.0)


def best(values):
    """Return the largest value."""
    return max(values)
'''


def of(tmp_path: Path, code: str) -> str:
    path = tmp_path / "search.py"
    path.write_text(code)
    return definition_of([path])


def test_it_is_the_same_each_time():
    assert tuner_definition() == tuner_definition() and len(tuner_definition()) == 12


@pytest.mark.parametrize(
    ("old", "new"), [("5.0", "6.0"), ("max(", "min("), ("HALF_LIVES = ", "OTHER = ")]
)
def test_other_code_is_another_definition(tmp_path, old, new):
    assert of(tmp_path, CODE.replace(old, new)) != of(tmp_path, CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("the largest value", "the highest value"),
        ("(1.6, 5.0)", "(1.6, 5.0)  # events"),
        ("max(values)", "max( values )"),
        ('"""Module."""\n', ""),
    ],
)
def test_other_comments_docstrings_and_blanks_are_none(tmp_path, old, new):
    assert of(tmp_path, CODE.replace(old, new)) == of(tmp_path, CODE)


def test_a_new_file_is_another_definition_wherever_it_lies(tmp_path):
    one, two = tmp_path / "a.py", tmp_path / "b.py"
    one.write_text(CODE)
    two.write_text(CODE)
    assert definition_of([one, two]) == definition_of([two, one]) != definition_of([one])
