"""Commands, one module each."""

from .threads import set_threads

set_threads()  # before any command loads a numeric library
