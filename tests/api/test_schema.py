"""schemathesis over the generated OpenAPI document: what it says is what is done."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import api_world as world
import pytest
import schemathesis
from api_server import start
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import EngineFinished, NonFatalError, ScenarioFinished

from recsys.monitoring import watch_query
from recsys.ranking import metadata_filter
from recsys.store.api_keys import Keys
from recsys.store.database import Database

REFUSED = "400 401 403 404 405 406 409 413 414 415 422 428 5xx".split()

NO_METHOD = "unsupported_method"


def _known_field(values: object) -> object:
    """Let `where` name a field that items have: any other is refused, as the text says."""
    if isinstance(values, dict) and isinstance(values.get("where"), str):
        if re.search(metadata_filter.PATTERN, values["where"]):
            return {**values, "where": "language==en"}
    if isinstance(values, dict) and isinstance(values.get("query"), str):
        if 1 <= len(values["query"]) <= watch_query.LONGEST:  # a language that JSON schema lacks
            return {**values, "query": "tide OR wave"}
    return values


@schemathesis.hook
def map_query(context: object, query: object) -> object:
    return _known_field(query)


@schemathesis.hook
def map_body(context: object, body: object) -> object:
    return _known_field(body)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    home = tmp_path_factory.mktemp("schema")
    db = Database.open(world.build(home))
    _, token = Keys(db).create("fuzz", "admin", rate=1e6)
    db.engine.dispose()
    server = start(home, RECSYS_AUTH="on", RECSYS_MAX_BATCH="100", RECSYS_ACCESS_LOG="0")
    config = SchemathesisConfig.from_dict(
        {
            "headers": {"Authorization": f"Bearer {token}"},
            "generation": {"max-examples": 6, "deterministic": True, "database": "none"},
            # wrong and too long besides is refused for its length
            "checks": {"negative_data_rejection": {"expected-statuses": REFUSED}},
        }
    )
    found = schemathesis.openapi.from_url(server.url + "/openapi.json", config=config)
    # a stream does not end; whether a webhook is taken depends on what names resolve to
    found = found.exclude(path="/notices/stream").exclude(path="/webhooks")
    # a body or parameters, one of the two: OpenAPI has no words for it
    yield found.exclude(path="/follows", method="DELETE")
    server.stop()


def test_the_document_is_the_truth(document: schemathesis.BaseSchema) -> None:
    """A fifth of the paths, the same in each run; the exhaustive test has all of them."""

    def fifth(context: Any) -> bool:
        return crc32(context.operation.path.encode()) % 5 == 0

    _check(document.include(fifth))


@pytest.mark.exhaustive
@pytest.mark.timeout(1_200)
def test_the_whole_document_is_the_truth(document: schemathesis.BaseSchema) -> None:
    _check(document)


def _check(document: schemathesis.BaseSchema) -> None:
    problems, cases = [], 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tool's own
        for event in from_schema(document).execute():
            if isinstance(event, NonFatalError):
                problems.append(str(event.info))
            if isinstance(event, ScenarioFinished):
                cases += len(event.recorder.cases)
                if event.status in (Status.FAILURE, Status.ERROR):
                    problems += _failures(event)
            if isinstance(event, EngineFinished):
                break
    assert cases > 500
    assert problems == [], "\n".join(problems)


def _failures(event: ScenarioFinished) -> list[str]:
    return [
        f"{event.recorder.label} {check.name}: {check.failure_info.failure}"
        f" {check.failure_info.code_sample[:2000]}"
        for checks in event.recorder.checks.values()
        for check in checks
        if check.failure_info is not None
        # ids may hold slashes: PUT /items/x/spread is about the item `x/spread`
        and (event.recorder.label, check.name) != ("GET /items/{item_id}/spread", NO_METHOD)
    ]


def test_a_document_of_every_route(document: schemathesis.BaseSchema) -> None:
    paths = set(document.raw_schema["paths"])
    assert paths >= {
        "/recommend/{user}",
        "/recommend",
        "/recommend/batch",
        "/similar/{item_id}",
        "/search",
        "/trending",
        "/latest",
        "/popular",
        "/items",
        "/items/{item_id}",
        "/users",
        "/follows",
        "/authors",
        "/users/{user_id}",
        "/events",
        "/events/{event_id}",
        "/health/live",
        "/health/ready",
        "/stats",
        "/metrics",
        "/openapi.json",
        "/",
        "/docs",
        "/explain",
        "/explain/{user}/{item}",
        "/users/{user_id}/profile",
        "/users/{user_id}/export",
    }
