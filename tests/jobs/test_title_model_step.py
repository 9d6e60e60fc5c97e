"""Step: a title model is trained where one is named, kept where it is better, and served."""

import json
from dataclasses import replace

import pytest
import title_world
import worlds

pytest.importorskip("torch")

from jobs.nightly.context import NightContext
from jobs.nightly.data_snapshot import save_snapshot
from jobs.nightly.steps.title_writing_model import write_titles
from jobs.progress import LogProgress
from recsys.data.table_builder import item_table
from recsys.language_model.address import ModelAddress
from recsys.language_model.local_models import writer_of
from recsys.language_model.prompts import TITLE_TOKENS, title_messages
from recsys.settings import Settings
from recsys.store.store import Store


def night_step(home, number, posts=200, **settings):
    """Return the detail of the step, in a night over some posts."""
    folder = home / "runs" / str(number)
    folder.mkdir(parents=True)
    save_snapshot(
        folder / "snapshot",
        worlds.event_table(worlds.opinions()),
        item_table(title_world.posts(posts)),
    )
    (folder / "titles").mkdir()
    chosen = Settings(home=home, device="cpu", **settings)
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        night = NightContext(chosen, store, folder, number, LogProgress("night"))
        return write_titles(night, folder / "titles")


def test_without_a_model_or_texts_nothing_is_trained(tmp_path):
    assert "RECSYS_TITLE_MODEL" in night_step(tmp_path, 1)["because"]
    few = night_step(tmp_path, 2, posts=20, title_model=str(tmp_path))
    assert not few["trained"] and "too few" in few["because"]


def test_what_is_surely_better_is_kept_and_served(tmp_path, monkeypatch):
    start = title_world.untrained(tmp_path / "t5")
    monkeypatch.setattr(
        "recsys.text_training.title_model_training.TitleTrainingConfig",
        lambda seconds: replace(title_world.CONFIG, seconds=seconds),
    )
    found = night_step(tmp_path, 1, title_model=str(start))
    assert found["trained"] and found["kept"] and found["low"] > 0
    assert json.loads(json.dumps(found)) == found
    again = night_step(tmp_path, 2, title_model=str(start))
    assert not again["trained"] and "nothing new" in again["because"]
    address = ModelAddress.of(f"t5:{tmp_path / 'title_model' / 'current'}", 0)
    text = next(title_world.posts(1, seed=5)).text
    title = writer_of(address).write(title_messages(text), TITLE_TOKENS, None)
    assert title == next(title_world.posts(1, seed=5)).title
    untaught = night_step(tmp_path, 3, posts=220, title_model=str(start), title_minutes=1e-9)
    assert untaught["trained"] and not untaught["kept"]
