"""schemathesis over the generated OpenAPI document: what it says is what is done."""

from __future__ import annotations

from collections.abc import Iterator

import api_world as world
import pytest
import schemathesis

from api.app import create_app
from api.settings import Settings
from recsys.data.database import Database
from recsys.data.keys import Keys


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    home = tmp_path_factory.mktemp("schema")
    db = Database.open(world.build(home))
    _, token = Keys(db).create("fuzz", "admin", rate=1e6)
    db.engine.dispose()
    app = create_app(Settings(home=home, auth="on", max_batch=100))
    yield schemathesis.openapi.from_wsgi("/openapi.json", app)
    app.extensions["service"].close()
