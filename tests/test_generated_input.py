"""Input that Hypothesis generates is the same in every process and after every other test."""

import sys
import types

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers


def drawn():
    found = []

    @settings(max_examples=200, database=None, derandomize=True)
    @given(st.integers(), st.text())
    def draw(number, text):
        found.append((number, text))

    draw()
    return found


def module_with_constants(folder):
    """Return a loaded module of the project's own with a thousand constants."""
    path = folder / "own_constants.py"
    path.write_text(f"NUMBERS = {list(range(7_000_000, 7_001_000))}\nTEXT = 'a text of its own'\n")
    module = types.ModuleType("own_constants")
    module.__file__ = str(path)
    return module


def test_modules_loaded_before_change_no_input(tmp_path_factory, monkeypatch):
    before = drawn()
    module = module_with_constants(tmp_path_factory.mktemp("own"))
    monkeypatch.setitem(sys.modules, "own_constants", module)
    assert drawn() == before
    assert not len(providers._get_local_constants())


def test_the_module_of_this_test_would_be_read(tmp_path_factory):
    """Hypothesis counts the module as the project's own, so the test above can fail."""
    from hypothesis.internal.constants_ast import constants_from_module, is_local_module_file

    module = module_with_constants(tmp_path_factory.mktemp("own"))
    assert is_local_module_file(module.__file__)
    assert 7_000_500 in constants_from_module(module).integers


def test_the_profile_is_fixed():
    if settings.get_current_profile_name() != "ci":
        pytest.skip("another profile was asked for")
    assert settings.default.derandomize and settings.default.print_blob
