"""A recommendation engine: behaviour and words joined in one vector space, served per request.

    import recsys

    model = recsys.fit(events, items)          # pandas, polars or arrow tables, dicts, or paths
    model.recommend("ann", n=10)

Importing the package loads none of its parts; a name below loads what it needs when it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recsys.errors import BundleError, DataError, RecsysError
    from recsys.evaluation.baseline_registry import register_baseline
    from recsys.fitted_model import FittedModel, ItemVectors, load
    from recsys.fitting import fit
    from recsys.ranking.query import Filters, Interaction, Reason, Recommendation
    from recsys.ranking.terms.registry import register as register_term
    from recsys.tuning.engine_catalogue import register_engine

__version__ = "0.2.0"

_OWN_NAMES = {"register_term": "register"}  # public name -> name in its module, where they differ
_HOMES = {
    "BundleError": "recsys.errors",
    "DataError": "recsys.errors",
    "Filters": "recsys.ranking.query",
    "FittedModel": "recsys.fitted_model",
    "Interaction": "recsys.ranking.query",
    "ItemVectors": "recsys.fitted_model",
    "Reason": "recsys.ranking.query",
    "Recommendation": "recsys.ranking.query",
    "RecsysError": "recsys.errors",
    "fit": "recsys.fitting",
    "load": "recsys.fitted_model",
    "register_baseline": "recsys.evaluation.baseline_registry",
    "register_engine": "recsys.tuning.engine_catalogue",
    "register_term": "recsys.ranking.terms.registry",
}
__all__ = [
    "BundleError",
    "DataError",
    "Filters",
    "FittedModel",
    "Interaction",
    "ItemVectors",
    "Reason",
    "Recommendation",
    "RecsysError",
    "__version__",
    "fit",
    "load",
    "register_baseline",
    "register_engine",
    "register_term",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module at its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'recsys' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), _OWN_NAMES.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
