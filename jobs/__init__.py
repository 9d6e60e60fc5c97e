"""Commands, one module each."""

from .numeric_threads import set_threads

set_threads()  # before any command loads a numeric library
