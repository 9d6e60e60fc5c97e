"""`python -m jobs.ingest`: the command `recsys ingest`."""

from jobs.cli import run
from jobs.commands.ingest_files import command

if __name__ == "__main__":
    run(command)
