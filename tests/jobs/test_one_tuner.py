"""One tuner: nights, evaluations and `recsys.fit` choose alike on the same training events."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from night_world import READ, READERS, books, fill, reads

import recsys
from jobs.commands.evaluate import means_of, with_comment_sentiment
from jobs.nightly.context import NightContext
from jobs.nightly.pipeline import NightPipeline
from jobs.nightly.step_messages import sentence
from jobs.nightly.step_runner import PipelineStep, run_steps
from jobs.progress import LogProgress
from recsys.data.item_and_event_readers import load_events, load_items
from recsys.data.records import Event
from recsys.evaluation.service_adapter import fit_service
from recsys.settings import Settings
from recsys.store.store import Store
from recsys.tuning.evaluation_protocols import Rules, make_split
from recsys.tuning.tuning_result import TuningResult

UNTIL_TUNED = ("snapshot", "distill", "finetune", "encode", "tune")


def write(path, columns, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


@pytest.mark.parametrize(("protocol", "dated"), [("replay", True), ("leave-last-out", False)])
def test_a_night_an_evaluation_and_the_python_api_choose_alike(tmp_path, protocol, dated):
    folder = tmp_path
    items, events = folder / "items.csv", folder / "events.csv"
    write(items, ("item_id", "title"), ((one.item_id, one.title) for one in reversed(books())))
    rows = [(e.user_id, e.item_id, "like", e.timestamp if dated else "") for e in reads()]
    write(events, ("user_id", "item_id", "event", "timestamp"), rows)
    with fill(folder / "home"):
        pass
    (folder / "home" / "store.db").unlink()
    settings = Settings(home=folder / "home", encoder=str(folder / "home" / "tiny"))
    split = make_split(
        with_comment_sentiment(settings, load_events(events)),
        load_items(items),
        Rules(protocol, weights=settings.weights),
    )
    evaluated = fit_service(split, split.dataset(), means_of(settings, 0, lambda text: None))[1]
    nightly = night_choice(settings, split.train, books())
    assert evaluated.design == nightly.design == "tuned"
    assert (evaluated.engines, evaluated.score_model) == (nightly.engines, nightly.score_model)
    assert (evaluated.trees is None) == (nightly.trees is None)
    assert len(split.train) == pytest.approx(READERS * READ, rel=0.2)
    frame = [row_of(split.train, at) for at in range(len(split.train))]
    model = recsys.fit(frame, items, tune="full", encoder=settings.encoder)
    assert TuningResult.from_json(model.choice).score_model == nightly.score_model
    assert tuple(model.choice["engines"]) == nightly.engines
    values = [[row.get("value") for row in one.evidence] for one in (evaluated, nightly)]
    assert values[0] == values[1]


def night_choice(settings, train, items):
    """Return what a night on some training events chooses, other than a quick first one."""
    with Store.open(settings.store_url) as store:
        store.add_items(items)
        rows = (row_of(train, at) for at in range(len(train)))
        store.add_events(Event(**row) for row in rows)
        progress = LogProgress("nightly")
        night = NightContext(settings, store, settings.home / "run", 1, progress, tune_always=True)
        steps = [step for step in NightPipeline(night).steps if step.name in UNTIL_TUNED]
        run_steps(night.folder, steps, Quiet())
        chosen = json.loads((night.folder / "tune" / "choice.json").read_text())
        return TuningResult.from_json(chosen)


def test_the_first_night_of_a_large_home_is_quick_and_the_next_one_is_not(tmp_path, monkeypatch):
    with fill(tmp_path / "home") as store:
        settings = Settings(home=tmp_path / "home", encoder=str(tmp_path / "home" / "tiny"))

        def night(number, always=False):
            folder = settings.home / "runs" / str(number)
            return NightContext(settings, store, folder, number, LogProgress("nightly"), always)

        first = night(1)
        run_steps(first.folder, NightPipeline(first).steps[:1], Quiet())
        assert not first.quick  # all questions there are get asked
        monkeypatch.setattr("jobs.nightly.context.FIRST_QUERIES", 10)
        first = night(1)
        pipeline = NightPipeline(first)
        run_steps(
            first.folder, [*pipeline.steps, PipelineStep("publish", pipeline.publish)], Quiet()
        )
        assert first.quick and "the next night does it fully" in sentence(
            "tune", first.detail("tune")
        )
        second = night(2)
        run_steps(second.folder, NightPipeline(second).steps, Quiet())
        result = second.detail("tune")
        assert not second.quick and result["because"] == "the first night tuned quickly"
        assert "fully" not in sentence("tune", result)
        queried = night(3, always=True)
        run_steps(queried.folder, NightPipeline(queried).steps[:1], Quiet())
        assert not queried.quick


def row_of(events, at):
    """Return an event of a table as a row of a file."""
    value, time = float(events.value[at]), float(events.time[at])
    return {
        "user_id": events.users[int(events.user[at])],
        "item_id": events.items[int(events.item[at])],
        "event": events.kinds[events.kind[at]],
        "value": None if np.isnan(value) else value,
        "timestamp": time if events.timed else None,
    }


class Quiet:
    def started(self, name):
        pass

    def finished(self, name, seconds, detail, reused):
        pass


SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "movietweetings"


@pytest.mark.exhaustive
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("dated", [True, False])
def test_on_the_sample(tmp_path, dated):
    """With a budget that no machine spends, so that the choice does not depend on its speed."""
    with fill(tmp_path / "home"):
        pass
    (tmp_path / "home" / "store.db").unlink()
    settings = Settings(
        home=tmp_path / "home", encoder=str(tmp_path / "home" / "tiny"), tune_minutes=600.0
    )
    events, items = load_events(SAMPLE / "events.csv.gz"), load_items(SAMPLE / "items.csv.gz")
    if not dated:
        events = replace(events, time=np.full(len(events), np.nan))
    rules = Rules("replay" if dated else "leave-last-out", weights=settings.weights)
    split = make_split(with_comment_sentiment(settings, events), items, rules)
    evaluated = fit_service(split, split.dataset(), means_of(settings, 0, lambda text: None))[1]
    nightly = night_choice(settings, split.train, [items.item(row) for row in range(len(items))])
    assert evaluated.design == nightly.design == "tuned"
    assert (evaluated.engines, evaluated.score_model) == (nightly.engines, nightly.score_model)
