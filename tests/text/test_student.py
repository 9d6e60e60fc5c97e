import subprocess
import sys

import numpy as np
import pytest
from text_world import word_student

from recsys.errors import DataError
from recsys.text.encoders.encoder import Encoder, load_encoder
from recsys.text.encoders.static_vector_distillation import read_static, write_static
from recsys.text.encoders.student import BLOCK, Student

WORDS = ["red", "blue", "nail", "polish", "cream"]
ODD = ["", " ", "\x00\x01", "\ud800", "zzz", "red", "red nail polish", "\u202ered", "red " * 9999]


@pytest.fixture
def student() -> Student:
    return word_student(WORDS)


def test_it_is_an_encoder(student: Student) -> None:
    assert isinstance(student, Encoder)


def test_rows_have_length_one_or_are_zero_and_never_nan(student: Student) -> None:
    vectors = student.encode(ODD)
    length = np.linalg.norm(vectors, axis=1)
    assert np.allclose(length, [0, 0, 0, 0, 0, 1, 1, 1, 1], atol=1e-5)
    assert vectors.dtype == np.float32
    assert np.allclose(vectors[5], vectors[7]) and np.allclose(vectors[5], vectors[8], atol=1e-5)


def test_one_by_one_as_together(student: Student) -> None:
    alone = np.concatenate([student.encode([text]) for text in ODD])
    assert np.allclose(alone, student.encode(ODD), atol=1e-6)
    assert student.encode([]).shape == (0, 8)


def test_texts_are_held_as_encodings_some_at_a_time(student: Student) -> None:
    held: list[int] = []

    class Watched(Student):
        def _tokens_of(self, texts, cutter):
            held.append(len(texts))
            return super()._tokens_of(texts, cutter)

    watched = Watched(student.tokenizer_json, student.vectors)
    texts = [ODD[:-1][number % (len(ODD) - 1)] for number in range(2 * BLOCK + 5)]
    ids, counts = watched.tokens(texts)
    assert held == [BLOCK, BLOCK, 5] and len(counts) == len(texts)
    single = [student.tokens([text]) for text in ODD[:-1]]
    assert counts[: len(single)].tolist() == [int(one.sum()) for _, one in single]
    assert ids[: counts[: len(single)].sum()].tolist() == [i for own, _ in single for i in own]
    assert np.array_equal(watched.encode(texts)[-5:], student.encode(texts[-5:]))


def test_a_broken_vector_is_an_unknown_word(student: Student) -> None:
    vectors = student.vectors.copy()
    vectors[1] = np.nan
    broken = Student(student.tokenizer_json, vectors)
    assert not broken.encode(["red"]).any()
    assert np.isfinite(broken.encode(["red nail"])).all()


def test_arrays_there_and_back_read_only(student: Student) -> None:
    arrays = student.arrays()
    for array in arrays.values():
        array.flags.writeable = False
    again = Student.from_arrays(arrays)
    assert again.name == student.name
    assert np.array_equal(again.encode(ODD), student.encode(ODD))


def test_pairs_add_their_own_vector_once() -> None:
    base = word_student(WORDS)
    size = len(base.vectors)
    pair = np.array([1 * size + 3], np.int64)  # "red nail"
    vectors = np.concatenate([base.vectors, np.full((1, 8), 5, np.float32)])
    student = Student(base.tokenizer_json, vectors, "readers", pair)
    wanted = base.vectors[1] + base.vectors[3] + 5
    wanted /= np.linalg.norm(wanted)
    assert np.allclose(student.encode(["red nail"])[0], wanted, atol=1e-5)
    assert np.allclose(student.encode(["red nail red nail"])[0], wanted, atol=0.2)
    assert not np.allclose(student.encode(["nail red"])[0], wanted, atol=1e-2)


def test_files_there_and_back_and_damage_is_seen(student: Student, tmp_path) -> None:
    folder = tmp_path / "encoders" / "mine"
    write_static(folder, student)
    again = load_encoder(str(folder))
    assert again.name == student.name
    data = bytearray((folder / "vectors.npy").read_bytes())
    data[-1] ^= 1
    (folder / "vectors.npy").write_bytes(data)
    with pytest.raises(DataError, match="vectors.npy"):
        read_static(folder)
    with pytest.raises(DataError, match="no static vectors"):
        read_static(tmp_path / "nothing")


def test_a_byte_per_number_says_nearly_the_same(student: Student) -> None:
    small = student.compact()
    assert small.vectors.dtype == np.int8 and small.name != student.name
    assert np.allclose(small.encode(ODD), student.encode(ODD), atol=0.02)
    again = Student.from_arrays(small.arrays())
    assert again.name == small.name and np.array_equal(again.encode(ODD), small.encode(ODD))
    assert small.compact() is small
    broken = student.vectors.copy()
    broken[1] = np.nan
    assert not Student(student.tokenizer_json, broken).compact().encode(["red"]).any()


def test_bytes_need_a_scale_per_row_and_floats_none(student: Student) -> None:
    bytes_, ones = student.compact().vectors, np.ones(len(student.vectors), np.float32)
    for vectors, scale in ((bytes_, None), (bytes_, ones[1:]), (student.vectors, ones)):
        with pytest.raises(DataError, match="scale"):
            Student(student.tokenizer_json, vectors, scale=scale)


def test_too_few_vectors_and_bad_tokenizers_are_refused(student: Student) -> None:
    with pytest.raises(DataError, match="shape"):
        Student(student.tokenizer_json, student.vectors[:2])
    with pytest.raises(DataError, match="tokenizer"):
        Student(b"{}", student.vectors)


def test_no_torch() -> None:
    code = (
        "import sys, recsys.text.encoders.student, recsys.text.encoders.encoder;"
        " assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
