"""The app that a WSGI server runs; `recsys serve` does not need it."""

import gc

from .app import create_app
from .logs import configure
from .settings import load_settings

configure()
app = create_app(load_settings())
# What is there now stays. The collector need not look through half a million objects again and
# again: that took a twentieth of all CPU, in pauses that requests waited for.
gc.collect()
gc.freeze()
