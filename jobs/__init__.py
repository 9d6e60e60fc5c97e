"""Commands, the nightly job and benchmarks; the import sets the threads of numeric libraries."""

from pathlib import Path

from .numeric_threads import set_threads

set_threads()  # before any command loads a numeric library

# `python -m jobs.ingest` finds jobs/command_aliases/ingest.py, which an installed package lacks
__path__.append(str(Path(__file__).parent / "command_aliases"))
