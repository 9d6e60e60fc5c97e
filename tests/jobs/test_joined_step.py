"""Step: the joined index is built where it is asked for, and says why elsewhere."""

from dataclasses import replace

import pytest
import worlds

pytest.importorskip("faiss")

from jobs.nightly.context import NightContext
from jobs.nightly.data_snapshot import save_snapshot
from jobs.nightly.steps.joined_index import build_joined, joined_blobs
from jobs.progress import LogProgress
from recsys.bundle import read_bundle, write_bundle
from recsys.serving.model import Model
from recsys.serving.score_model import ScoreModel
from recsys.settings import Settings
from recsys.store.store import Store


@pytest.fixture
def folder(tmp_path):
    """Return the folder of a night after the step `fit`; its score reads no factors."""
    folder = tmp_path / "runs" / "1"
    events, data = worlds.event_table(worlds.opinions()), worlds.topics()
    folder.mkdir(parents=True)
    save_snapshot(folder / "snapshot", events, data.table)
    model = replace(worlds.model(), score_model=ScoreModel(priors={"share_all": 1.0}))
    write_bundle(folder / "fit", model.arrays(), {}, {"model": model.settings()})
    (folder / "joined").mkdir()
    return folder


def built(folder, index):
    home = folder.parents[1]
    settings = Settings(home=home, index=index, device="cpu")
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        night = NightContext(settings, store, folder, 1, LogProgress("night"))
        return build_joined(night, folder / "joined")


def test_a_score_without_factors_has_none_unless_it_is_asked_for(folder):
    detail = built(folder, "auto")
    assert not detail["built"] and "factors" in detail["because"]
    assert joined_blobs(folder / "joined") == {}


def test_asked_for_it_holds_directions_where_the_score_reads_no_factors(folder):
    detail = built(folder, "joined")
    assert detail["built"] and detail["recall"] > 0.9
    raw, joined = read_bundle(folder / "fit"), read_bundle(folder / "joined")
    arrays = raw.arrays | {f"joined/{name}": array for name, array in joined.arrays.items()}
    write_bundle(folder / "b", arrays, joined_blobs(folder / "joined"), raw.manifest)
    model = Model.from_raw(read_bundle(folder / "b"))
    assert model.joined is not None and len(model.joined.index) == len(model)
    assert model.joined.factors.outputs.any()
