"""Blocks computed elsewhere: rows, histories, counters and vectors equal to those computed here."""

from dataclasses import replace

import numpy as np
import object_server
import pytest
from in_process_spark import InProcessSpark
from text_world import tiny_tokenizer

from jobs.bench.niche_world import NicheConfig, niche_world
from recsys.block_runner_protocol import runner_for, using
from recsys.data.dataset import Dataset
from recsys.models import distributed_item_weights, user_histories
from recsys.models.block_plan import BlockConfig
from recsys.models.gfcf_blockwise import fit_blocks
from recsys.models.interaction_matrix import Interactions
from recsys.object_storage.opening import open_objects
from recsys.serving.item_popularity_from_events import DAY
from recsys.serving.popularity_counters import PopularityCounters
from recsys.text.encoders import distributed_encoding
from recsys.text.encoders.distributed_encoding import encode_texts
from recsys.text.encoders.encoder import load_encoder
from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.training.distributed_popularity_sums import sums_of_items


@pytest.fixture(scope="module")
def data() -> Dataset:
    """400 items and 300 users with 18 events each, one in twelve a dislike."""
    events, items = niche_world(NicheConfig(400, 5_400, 300), texts=False)
    found = Dataset.build(events, items)
    weight = found.weight.copy()
    weight[::12] = -1.0
    return replace(found, weight=weight)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch) -> InProcessSpark:
    """A runner, and parts so small that there are many."""
    monkeypatch.setattr(distributed_item_weights, "PART_ITEMS", 700)
    monkeypatch.setattr(user_histories, "PART_EVENTS", 900)
    return InProcessSpark(tmp_path)


def equal(one: object, other: object, names: tuple[str, ...]) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


@pytest.mark.parametrize("most_users", [200_000, 5])
@pytest.mark.parametrize("heads", [0, 60])
def test_rows_are_those_of_one_process(data, elsewhere, heads, most_users):
    config = BlockConfig(8, most_rows=40, best_heads=heads, item_users=most_users, history=15)
    known = Interactions.of_dataset(data)
    here = fit_blocks(known, config, 0)
    with using(elsewhere):
        there = fit_blocks(known, config, 0)
    assert equal(here, there, ("indptr", "indices", "data"))
    assert elsewhere.use.by_name == {"rows": 1} and elsewhere.use.pieces > 2


def test_histories_are_those_of_one_process(data, elsewhere):
    here = Interactions.of_dataset(data)
    with using(elsewhere):
        there = Interactions.of_dataset(data)
    assert equal(here, there, ("ends", "items", "steps"))
    assert (here.matrix != there.matrix).nnz == 0
    assert elsewhere.use.by_name == {"histories": 1} and elsewhere.use.shuffled_bytes > 0


@pytest.mark.parametrize("actors", [True, False])
@pytest.mark.parametrize("timed", [True, False])
def test_counters_are_those_of_one_process(data, elsewhere, actors, timed):
    time = data.time.copy()
    time[3_000:] += 40 * DAY  # a pause of all events
    columns = (data.item, data.weight, data.explicit, time if timed else None)
    actor = data.user if actors else None
    here = PopularityCounters.from_events(len(data.items), *columns, actor)
    with using(elsewhere):
        there = PopularityCounters.from_events(len(data.items), *columns, actor, sums_of_items)
    assert equal(here, there, ("level", "last", "likes", "dislikes", "few", "newest"))
    assert here.pauses == there.pauses and elsewhere.use.by_name == {"counters": 1}


def test_vectors_are_those_of_one_process(elsewhere, monkeypatch):
    monkeypatch.setattr(distributed_encoding, "BLOCK", 4)
    texts = [f"a film about {word} and the sea" for word in ("war", "love", "\ud800", "", "中文")]
    texts = [text for text in texts * 7 if text.isprintable()]
    encoder = packaged_word_vectors()
    with using(elsewhere):
        there = encode_texts(encoder, texts)
    assert np.allclose(there, encoder.encode(texts), atol=1e-6)
    assert elsewhere.use.by_name == {"texts": 1} and elsewhere.use.pieces > 3


@pytest.mark.parametrize("kind", ["t5", "use"])
def test_vectors_of_a_neural_encoder_are_those_of_one_process(
    elsewhere, kind, tmp_path, monkeypatch
):
    if kind == "t5":
        pytest.importorskip("torch")
        from transformers import T5Config, T5ForConditionalGeneration

        size = tiny_tokenizer(tmp_path / "t5", ["a", "film", "war", "love", "sea"])
        config = T5Config(vocab_size=size, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
        T5ForConditionalGeneration(config).save_pretrained(tmp_path / "t5")
    encoder = load_encoder("use" if kind == "use" else f"t5:{tmp_path / 't5'}", "cpu")
    monkeypatch.setattr(distributed_encoding, "BLOCK", 2)
    texts = ["a film", "war and love", "", "the sea", "a film about the sea", "love"]
    with using(elsewhere):
        there = encode_texts(encoder, texts)
    assert there.any() and np.allclose(there, encoder.encode(texts), atol=1e-3)
    assert elsewhere.use.pieces == 3


def test_parts_and_pieces_may_lie_in_a_bucket(data, tmp_path, prefix, proxy, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    runner = InProcessSpark(tmp_path, f"s3://{object_server.BUCKET}/{prefix}")
    known = Interactions.of_dataset(data)
    config = BlockConfig(8, most_rows=40)
    here = fit_blocks(known, config, 0)
    with using(runner):
        there = [fit_blocks(known, config, 0) for _ in range(2)]
    assert all(equal(here, one, ("indptr", "indices", "data")) for one in there)
    assert open_objects(runner.url).list("") == []  # pieces are removed


def test_what_is_small_stays_here_and_nothing_is_left_behind(data, elsewhere, tmp_path):
    elsewhere.worth_seconds = 60.0
    with using(elsewhere):
        Interactions.of_dataset(data)
        assert runner_for(59.0) is None and runner_for(61.0) is elsewhere
    assert runner_for(61.0) is None and elsewhere.use.jobs == 0
    elsewhere.worth_seconds = 0.0
    with using(elsewhere):
        Interactions.of_dataset(data)
    assert elsewhere.use.jobs == 1 and not any((tmp_path / "pieces" / "jobs").iterdir())


def test_nothing_is_computed_elsewhere_too(elsewhere):
    events, items = niche_world(NicheConfig(30, 200, 20), texts=False)
    data = Dataset.build(events.select(np.zeros(len(events), bool)), items)
    with using(elsewhere):
        known = Interactions.of_dataset(data)
        assert len(fit_blocks(known, BlockConfig(4), 0).data) == 0
        assert encode_texts(packaged_word_vectors(), []).shape == (0, 256)
    assert len(known.items) == 0 and known.shape == (20, 30)
