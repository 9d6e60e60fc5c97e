"""IdMap: numbers for names, and names for numbers, whatever the names are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_contract import mapped

from recsys.data.ids import IdMap, _hash

NAMES = ["b", "", "书 7", "\ud800 lone", "a" * 500, "🙂", "b ", "B"]


def test_rows_follow_the_first_appearance():
    ids = IdMap.from_ids(["b", "a", "b", "c"])
    assert list(ids) == ["b", "a", "c"] and len(ids) == 3
    assert ids.rows(["c", "x", "b"]).tolist() == [2, -1, 0]
    assert "a" in ids and "x" not in ids and 1 not in ids


def test_any_text_is_a_name():
    ids = IdMap.from_ids(NAMES)
    assert [ids[row] for row in range(len(ids))] == NAMES
    assert ids.rows(NAMES).tolist() == list(range(len(NAMES)))


@given(st.lists(st.text(max_size=8)))
def test_there_and_back(names):
    ids = IdMap.from_ids(names)
    assert [ids[row] for row in ids.rows(names)] == names
    assert list(ids) == list(dict.fromkeys(names))


@given(st.lists(st.text(max_size=3)), st.lists(st.text(max_size=3)))
def test_the_ids_of_another_map_are_found_as_those_of_a_list(names, others):
    ids, other = IdMap.from_ids(names), IdMap.from_ids(others)
    found = ids.rows(other)
    assert found.dtype == np.int32 and found.tolist() == ids.rows(list(other)).tolist()


def test_ids_of_another_map_with_the_same_hash_stay_apart():
    plain, same = IdMap.from_ids(["ab", "c"]), np.full(2, _hash("c"), np.uint64)
    ids = IdMap(plain.blob, plain.ends, same, np.array([0, 1], np.int32))
    assert ids.rows(IdMap.from_ids(["c"])).tolist() == [1]
    other = IdMap.from_ids(["d", "ac"])
    forged = IdMap(other.blob, other.ends, same, np.array([0, 1], np.int32))
    assert ids.rows(forged).tolist() == [-1, -1]


@pytest.mark.parametrize("row", [-1, 2, 99])
def test_a_row_that_is_not_there_is_an_error(row):
    with pytest.raises(IndexError, match="outside 0..1"):
        IdMap.from_ids(["a", "b"])[row]


def test_no_names_at_all():
    ids = IdMap.from_ids([])
    assert len(ids) == 0 and ids.row("a") == -1 and list(ids) == []
    assert ids.rows([]).shape == (0,) and ids.rows([]).dtype == np.int32


def test_names_whose_hashes_collide_stay_apart():
    plain = IdMap.from_ids(["a", "b"])
    same = np.full(2, _hash("b"), np.uint64)  # as if "a" had the hash of "b"
    ids = IdMap(plain.blob, plain.ends, same, np.array([0, 1], np.int32))
    assert ids.row("b") == 1 and ids.row("c") == -1


def test_arrays_on_a_disk_serve_as_well(tmp_path):
    ids = IdMap.from_ids(NAMES)
    arrays = {name: mapped(tmp_path, name, array) for name, array in ids.arrays().items()}
    again = IdMap.from_arrays(arrays)
    assert again.rows([*NAMES, "x"]).tolist() == [*range(len(NAMES)), -1]
    assert list(again) == NAMES
