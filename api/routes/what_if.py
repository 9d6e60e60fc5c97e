"""/whatif: lists as they would be under another configuration or bundle, or with another past."""

from __future__ import annotations

from typing import Any

from recsys.errors import BundleError, DataError

from ..errors import ApiError
from ..handlers.ingestion import missing
from ..http.endpoint_declaration import Routes
from ..schemas.what_if import WhatIf, WhatIfBody
from .request_context import about, language, service

routes = Routes("whatif")


@routes.post("/whatif", "profile", body=WhatIfBody, answers=WhatIf, fails=(404, 409, 429, 503))
def post(body: WhatIfBody) -> dict[str, Any]:
    """Recompute the lists of up to 1,000 users under other conditions, and compare with now.

    Otherwise may be: settings, the bundle, events that are left out, the time. Neither side has
    pins, reserved places, exploration or experiments. The same store gives the same answer.
    """
    # loaded with the first such request: most workers answer none
    from recsys.what_if import UnknownUser
    from recsys.what_if_comparison import WhatIfRequest

    from ..handlers.what_if import what_if_answer

    if body.user is not None:
        about(body.user)
    given = body.overrides.model_dump(exclude_none=True) if body.overrides else {}
    try:
        if body.user is not None and body.users:
            raise DataError("give user or users, not both")
        request = WhatIfRequest(
            (body.user,) if body.user is not None else tuple(body.users),
            body.sample,
            body.n,
            given,
            body.bundle or "",
            tuple(body.without),
            body.as_of,
            language(body.lang),
        )
        return what_if_answer(service(), request)
    except UnknownUser as error:
        raise ApiError(404, str(error), "erased") if error.erased else missing("user") from None
    except (DataError, BundleError) as error:
        raise ApiError(409, str(error)) from None
