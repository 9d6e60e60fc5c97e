"""Nights that fine-tune their encoder, as real processes: resumed after a kill, or left alone."""

import json
import subprocess
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from night_world import (
    BOOKS,
    call,
    command,
    environment,
    exit_status,
    fill,
    next_books,
    reads,
    student,
)
from text_world import tiny_bert

from jobs.commands.evaluate import means_of, tables
from jobs.environment import load_settings
from recsys.data.dataset import Dataset
from recsys.data.records import Item
from recsys.store.store import Store
from recsys.text.encoders.finetuned_encoder_versions import EncoderRegistry
from recsys.text.encoders.static_vector_distillation import write_static
from recsys.text.encoders.student import Student

TRAINING = ("torch", "sentence_transformers")  # nights that fine-tune load them
ON = {"RECSYS_FINETUNE": "on", "RECSYS_TUNE_MINUTES": "0.05"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home whose encoder cannot tell odd from even, until its users teach it."""
    home = tmp_path_factory.mktemp("learning") / "home"
    fill(home).close()
    known = student()
    vectors = known.vectors.copy()
    vectors[2] = vectors[1]
    write_static(home / "tiny", Student(known.tokenizer_json, vectors, "tiny"))
    return home


def steps_of(home):
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        run = store.last_run("nightly")
    return {step.name: step.detail for step in run.steps}


def test_a_night_killed_while_it_learns_goes_on_where_it_was(home):
    with subprocess.Popen(
        command("nightly"), env=environment(home, **ON), stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            if list(home.glob("runs/*/checkpoint/checkpoint.safetensors")):
                process.kill()  # SIGKILL: nothing is tidied up
            time.sleep(0.002)  # between looks: a checkpoint stands for a moment only
    assert process.returncode == -9
    result = call(home, "nightly", "--json", loaded=TRAINING, **ON)
    assert result.returncode == 0, result.stderr
    learned = steps_of(home)["finetune"]
    assert learned["trained"] and learned["resumed_at"] > 0
    assert len(learned["losses"]) == learned["steps"] >= learned["resumed_at"]
    assert learned["checks"][0] == [0, pytest.approx(learned["ndcg_before"], abs=1e-4)]
    assert learned["version"] and learned["ndcg_after"] > learned["ndcg_before"] + 0.05


def test_a_night_without_new_events_trains_nothing_and_reads_by_the_same_encoder(home):
    before = steps_of(home)
    assert call(home, "nightly", loaded=TRAINING, **ON).returncode == 0
    after = steps_of(home)
    assert after["finetune"]["trained"] is False and "nothing new" in after["finetune"]["because"]
    assert after["encode"]["encoder"] == before["encode"]["encoder"]


def test_new_events_are_learned_from_where_yesterday_ended(home):
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        latest = max(e.timestamp for e in store.events_after(0, 1000))
        store.add_events(reads(latest + 1, seed=2))
    yesterday = steps_of(home)["finetune"]["version"]
    result = call(home, "nightly", "--json", loaded=TRAINING, **ON)
    assert result.returncode == exit_status(result)
    learned = steps_of(home)["finetune"]
    assert learned["trained"] and learned["resumed_at"] == 0
    assert (learned["version"] == yesterday) == (learned["ndcg_after"] <= learned["ndcg_before"])
    assert learned["ndcg_before"] > 0.6  # it begins with what it knows, not with what it was given
    entry = EncoderRegistry.of(home, learned["family"]).entry()
    assert entry.version == learned["version"]


def unread(event, known):
    """Return a book of the same side that is new to the user of an event."""
    number = int(event.item_id.removeprefix("book-"))
    own = (f"book-{book}" for book in range(number % 2, BOOKS, 2))
    return next(book for book in own if (event.user_id, book) not in known)


def test_the_newest_events_teach_no_encoder(tmp_path):
    found = []
    for name in ("one", "two"):
        home = tmp_path / name
        store = fill(home)
        newest = next_books(store, 52)
        if name == "two":  # the same users, and each of them another book that is new to them
            known = {(e.user_id, e.item_id) for e in store.events_after(0, 1000)}
            known |= {(e.user_id, e.item_id) for e in newest}
            newest = [replace(e, item_id=unread(e, known)) for e in newest]
        store.add_events(newest)
        store.close()
        assert call(home, "nightly", loaded=TRAINING, **ON).returncode == 0
        found.append(steps_of(home)["finetune"])
    assert found[0]["trained"] and found[0]["losses"] == found[1]["losses"]
    assert found[0]["version"] == found[1]["version"]


def test_by_default_static_vectors_learn_with_the_fit_alone(home):
    result = call(home, "nightly", "--json", loaded=TRAINING, RECSYS_TUNE_MINUTES="0.05")
    assert result.returncode == exit_status(result), result.stderr
    details = steps_of(home)
    assert details["finetune"]["trained"] is False and details["finetune"]["version"] == ""
    assert json.loads(result.stdout)["version"]


@pytest.mark.slow
def test_a_transformer_reads_only_new_texts_and_learns_when_asked(tmp_path):
    home = tmp_path / "home"
    fill(home).close()
    tiny_bert(home / "bert", ["odd", "even", "book", *map(str, range(50))])
    means = {"RECSYS_ENCODER": str(home / "bert"), "RECSYS_TUNE_MINUTES": "0.05"}
    details = []
    for _ in range(2):
        result = call(home, "nightly", loaded=TRAINING, **means)
        assert result.returncode == 0, result.stderr
        details.append(steps_of(home)["encode"])
    assert details[0]["encoded"] == 40 and details[1]["encoded"] == 0
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        store.add_items([Item("new", title="odd book 49"), Item("same", title="odd book 1")])
    assert call(home, "nightly", loaded=TRAINING, RECSYS_FINETUNE="off", **means).returncode == 0
    assert steps_of(home)["encode"]["encoded"] == 1
    before = {path.name for path in (home / "embeddings" / "night").iterdir()}
    assert call(home, "nightly", loaded=TRAINING, RECSYS_FINETUNE="on", **means).returncode in (
        0,
        3,
    )
    learned = steps_of(home)
    assert learned["finetune"]["trained"] and learned["finetune"]["ndcg_after"] > 0
    if learned["finetune"]["version"]:
        folder = EncoderRegistry.of(home, learned["finetune"]["family"]).folder
        assert list(folder.rglob("*.safetensors")) and not list(folder.rglob("*.bin"))
        assert learned["encode"]["encoded"] == 41
        assert {p.name for p in (home / "embeddings" / "night").iterdir()} > before
    shown = json.loads(call(home, "recommend", "reader-7", "--json", **means).stdout)["items"]
    assert len(shown) == 20


def test_a_gpu_that_is_asked_for_and_missing_is_one_line(home):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    result = call(home, "nightly", loaded=TRAINING, RECSYS_DEVICE="cuda")
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert "use auto or cpu" in result.stderr.splitlines()[-1]


def test_the_rows_of_an_evaluation_share_what_was_taught(tmp_path, monkeypatch):
    fill(tmp_path / "home").close()
    for name, value in environment(tmp_path / "home", **ON).items():
        monkeypatch.setenv(name, value)
    settings, notes = load_settings(), []
    events, items = tables(settings, None, None)
    means, first = means_of(settings, 0, notes.append), np.arange(len(events)) < 300
    found = [
        means.words(Dataset.build(part, items)) for part in (events, events, events.select(first))
    ]
    assert np.array_equal(found[0].vectors, found[1].vectors)
    assert len(notes) == 2 and all("on held-out items" in note for note in notes)
