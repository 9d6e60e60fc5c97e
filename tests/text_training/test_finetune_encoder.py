"""Lessons: an encoder gets better by its users, or stays as it was."""

from dataclasses import replace

import numpy as np
import worlds
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from recsys.data.dataset import Dataset
from recsys.data.records import Event
from recsys.text.encoders.student import Student
from recsys.text.finetuning.trainer import FinetuneConfig
from recsys.text_training.finetune_encoder import fine_tune_if_better, fingerprint

CONFIG = FinetuneConfig(steps=40, users=32, rate=0.05, check=10)


def ignorant() -> Student:
    """A student of the world's words whose vectors are drawn at random."""
    known = worlds.student()
    vectors = np.random.default_rng(3).normal(size=known.vectors.shape).astype(np.float32)
    vectors[0] = 0
    return Student(known.tokenizer_json, vectors, "random")


def test_readers_teach_words_of_two_languages_what_belongs_together():
    data, start = worlds.topics(), ignorant()
    outcome = fine_tune_if_better(start, data, CONFIG)
    assert outcome.improved and outcome.after > outcome.before + 0.05
    sea = outcome.encoder.encode(["tide wave", "海 浪"])
    chess = outcome.encoder.encode(["rook pawn"])[0]
    assert sea[0] @ sea[1] > sea[0] @ chess + 0.2
    assert outcome.record is not None and outcome.record.checks[0][0] == 0


def test_words_that_the_start_cannot_read_are_learned_too():
    known = worlds.student()
    vocabulary = {"[UNK]": 0, **{word: at + 1 for at, word in enumerate(worlds.WORDS["sea"][:4])}}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = BertNormalizer(), BertPreTokenizer()
    rows = np.random.default_rng(1).normal(size=(5, known.dimensions)).astype(np.float32)
    rows[0] = 0
    outcome = fine_tune_if_better(
        Student(tokenizer.to_str().encode(), rows), worlds.topics(), CONFIG
    )
    assert outcome.improved
    sea, same, chess = outcome.encoder.encode(["tide wave", "海 浪", "卒 象"])
    assert sea @ same > sea @ chess + 0.2


def test_what_cannot_get_better_stays():
    own = [(reader, ("sea", "chess")[reader % 2]) for reader in range(40)]
    events = [
        Event(f"reader-{reader}", f"{topic}-{number}", "like", timestamp=worlds.START + number)
        for reader, topic in own
        for number in range(worlds.EACH)
    ]
    data = Dataset.build(worlds.event_table(events), worlds.item_table(worlds.texts()))
    start = worlds.student()
    outcome = fine_tune_if_better(start, data, replace(CONFIG, rate=1.0))
    assert outcome.before == 1.0 and outcome.people == 40
    assert not outcome.improved and outcome.encoder is start


def test_too_few_people_teach_nothing():
    data = worlds.one_user_one_item()
    start = worlds.student()
    outcome = fine_tune_if_better(start, data, CONFIG)
    assert outcome.encoder is start and not outcome.improved and outcome.record is None


def test_the_fingerprint_changes_with_events_and_words_and_not_with_the_clock():
    one = fingerprint(worlds.topics(), CONFIG, "start")
    assert one == fingerprint(worlds.topics(), replace(CONFIG, seconds=9.0), "start")
    assert one != fingerprint(worlds.topics(), CONFIG, "another start")
    assert one != fingerprint(worlds.topics(), replace(CONFIG, objective="contrastive"), "start")
    assert one != fingerprint(worlds.odd_even(), CONFIG, "start")
