"""`python -m jobs.ingest`: the command `recsys ingest`."""

from .cli import run
from .commands.ingest_files import command

if __name__ == "__main__":
    run(command)
