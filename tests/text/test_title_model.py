"""A small T5 from configuration learns the titles of a tiny platform, and is judged on others."""

from dataclasses import replace

import pytest
from title_world import CONFIG, posts, untrained

from recsys.data.records import Item
from recsys.data.table_builder import item_table
from recsys.errors import DataError
from recsys.language_model.local_models import T5Writer
from recsys.language_model.prompts import TITLE_TOKENS, title_messages
from recsys.text_training.title_comparison import compare_titles
from recsys.text_training.title_model_training import train_title_model
from recsys.text_training.title_model_versions import TitleModelVersions
from recsys.text_training.title_pairs import title_pairs
from recsys.writing.title_writer import grounded_title, written_titles


@pytest.fixture(scope="module")
def pairs():
    return title_pairs(item_table(posts()), now=1e9)


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return untrained(tmp_path_factory.mktemp("t5"))


@pytest.fixture(scope="module")
def trained(pairs, start, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained") / "model"
    losses = []
    train_title_model(
        start, pairs.known, CONFIG, 0, "cpu", out, lambda _, loss: losses.append(loss)
    )
    assert losses[-1] < losses[0] / 4
    return out


def writing(folder):
    writer = T5Writer(folder)
    return lambda text: writer.write(title_messages(text), TITLE_TOKENS, None)


def test_pairs_are_public_texts_and_none_is_on_both_sides(pairs):
    assert len(pairs.known) > 3 * len(pairs.unseen) > 0
    assert not {one.text for one in pairs.known} & {one.text for one in pairs.unseen}
    assert pairs.known[0].text.endswith("299.") or pairs.unseen[0].text.endswith("299.")
    later = item_table([replace(one, available_from=2e9) for one in posts(20)])
    assert title_pairs(later, now=1e9).known == ()
    private = "Please write to ann@example.org today. It is here. Come to us all. We wait for you."
    found = title_pairs(item_table([Item("1", "A long title", private)]), 0.0)
    (one,) = (*found.known, *found.unseen)
    assert "@" not in one.text


def test_what_was_learned_is_better_on_unseen_texts(pairs, trained):
    found = compare_titles(pairs.unseen, writing(trained))
    assert found.better and found.written > found.extracted + 0.1 and found.by_model > 0.9


def test_a_model_that_nobody_trained_is_not_kept(pairs, start):
    found = compare_titles(pairs.unseen[:20], writing(start))
    assert not found.better and found.written == pytest.approx(found.extracted, abs=0.05)


def test_titles_that_a_text_does_not_ground_are_not_shown(pairs):
    text = pairs.unseen[0].text
    assert grounded_title("Free towels in Paris for 5 euros", text) == ""
    assert grounded_title("word " * 50, text) == grounded_title(" \n", text) == ""
    invented = written_titles(text, 3, lambda _: "A purple elephant of 1984")
    assert invented and {one.made for one in invented} == {"extract"}
    first, *rest = written_titles(text, 3, lambda _: "the people there")
    assert (first.text, first.made) == ("the people there", "model")
    assert {one.made for one in rest} == {"extract"}


def test_the_next_answer_is_by_the_version_that_is_linked(pairs, start, trained, tmp_path):
    versions = TitleModelVersions(tmp_path)
    assert versions.current is None and versions.lesson == ""
    versions.publish(start, "1")
    write = writing(versions.folder / "current")
    before = write(pairs.unseen[0].text)
    versions.publish(trained, "2")
    assert versions.current == (versions.folder / "2").resolve()
    assert write(pairs.unseen[0].text) == pairs.unseen[0].title != before
    versions.publish(start, "3")
    assert sorted(one.name for one in versions.folder.iterdir()) == ["2", "3", "current"]
    versions.note("of pairs")
    assert versions.lesson == "of pairs"


def test_folders_without_a_decoder_are_refused(start, pairs, tmp_path):
    from transformers import AutoTokenizer, T5EncoderModel

    T5EncoderModel.from_pretrained(start).save_pretrained(tmp_path / "encoder")
    AutoTokenizer.from_pretrained(start).save_pretrained(tmp_path / "encoder")
    for folder, words in ((tmp_path / "encoder", "decoder"), (tmp_path, "config.json")):
        with pytest.raises(DataError, match=words):
            train_title_model(folder, pairs.known, CONFIG, 0, "cpu", tmp_path / "out")
