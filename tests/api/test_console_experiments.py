"""The console's pages of experiments: states, reports that may not be read, groups of exposure."""

from __future__ import annotations

import json
import time

from flask.testing import FlaskClient

from api.runtime.app_state import AppState
from recsys.fairness.exposure_report import REPORT
from recsys.store.exposures import Exposure, Outcome, Shown

ARMS = [{"name": "plain", "share": 0.5}, {"name": "varied", "share": 0.5}]


def test_a_report_is_shown_when_it_may_be_read(client: FlaskClient, service: AppState) -> None:
    body = {"id": "variety", "arms": ARMS, "metrics": {"primary": "click_rate"}}
    assert client.post("/experiments", json=body).status_code == 201
    assert client.patch("/experiments/variety", json={"state": "running"}).status_code == 200
    page = client.get("/console/experiments").get_data(as_text=True)
    assert "variety" in page and "plain 50" in page and "varied 50" in page
    early = client.get("/console/experiments/variety").get_data(as_text=True)
    assert "Too early" in early and "<td" not in early
    shown, acts, now = [], [], time.time()
    for arm in ("plain", "varied"):
        for number in range(300):
            name = f"{arm}-{number}"
            places = (Shown("sea-1", 1, "words"),)
            shown.append(Exposure(name, now, "one", name, "long", places, {"variety": arm}))
            if number % (2 if arm == "varied" else 6) == 0:
                acts.append(Outcome(name, "sea-1", "click", now))
    with service.link.use():
        service.link.exposures().write(shown, acts)
    told = client.get("/console/experiments/variety").get_data(as_text=True)
    assert "click_rate" in told and "differs" in told and "0.5000" in told
    chinese = client.get("/console/experiments/variety", headers={"Accept-Language": "zh"})
    assert "任何时候查看都成立的区间" in chinese.get_data(as_text=True)


def test_groups_of_exposure_are_listed(client: FlaskClient, service: AppState) -> None:
    assert "No night has made" in client.get("/console/experiments").get_data(as_text=True)
    group = {"dimension": "language", "group": "<b>de", "creators": 25, "item_share": 0.5}
    group |= {"exposure_share": 0.25, "uptake": 1.1, "exposure_by_merit": 0.45}
    report = {"gini": 0.7, "unseen": 0.2, "new_share": 0.1, "lists": 500, "groups": [group]}
    with service.link.use() as store:
        store.set_note(REPORT, json.dumps(report))
    page = client.get("/console/experiments").get_data(as_text=True)
    assert "&lt;b&gt;de" in page and "25.0" in page and "0.4500" in page
    report |= {"popularity": {"shown": 30.0, "taken": 20.0, "lift": 0.5}}
    error = {"language": "<i>zh", "decided": 40, "wrong": 0.25, "interval": [0.14, 0.4]}
    report |= {"flag_errors": [error], "tone_errors": [error | {"wrong": None, "interval": None}]}
    with service.link.use() as store:
        store.set_note(REPORT, json.dumps(report))
    page = client.get("/console/experiments").get_data(as_text=True)
    assert "a popularity lift of 50" in page and page.count("&lt;i&gt;zh") == 2
    assert "14" in page and "by language" in page
