"""Process that answers one what-if request from the bundles of the home, and ends.

It reads the request as JSON from its standard input and writes the answer to its standard output;
see `what_if`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsys.errors import BundleError, RecsysError
from recsys.store.store import Store
from recsys.what_if import UnknownUser
from recsys.what_if_comparison import WhatIfRequest, answer

from ..runtime.one_request_process import answer_standard_input
from ..settings import load_settings


def answered(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer, or {"error": its kind, "message": a sentence}."""
    values = {name: value for name, value in given.items() if name != "first"}
    values["users"], values["without"] = tuple(values["users"]), tuple(values["without"])
    settings = load_settings()
    try:
        with Store.open(settings.store_url) as store:
            return answer(store, settings, WhatIfRequest(**values), given.get("first") or "")
    except UnknownUser as error:
        return {"error": "unknown_user", "message": str(error), "erased": error.erased}
    except BundleError as error:
        return {"error": "bundle", "message": str(error)}
    except RecsysError as error:
        return {"error": "data", "message": str(error)}


if __name__ == "__main__":
    answer_standard_input(answered)
