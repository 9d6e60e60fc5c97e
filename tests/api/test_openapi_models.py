"""Models of the OpenAPI document: two of one name are refused, as one would stand for both."""

from __future__ import annotations

import pytest
from pydantic import create_model

from api.http import openapi


def test_two_models_of_one_name_are_refused() -> None:
    schemas: dict[str, object] = {}
    first = create_model("Entry", item_id=(str, ...))
    openapi._schema(first, schemas)
    openapi._schema(list[first], schemas)  # the same one again
    assert list(schemas) == ["Entry"]
    for kind in (create_model("Entry", title=(str, ...)),):
        with pytest.raises(ValueError, match="named Entry"):
            openapi._schema(kind, schemas)
        with pytest.raises(ValueError, match="named Entry"):
            openapi._schema(list[kind], schemas)
