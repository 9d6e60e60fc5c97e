"""`python -m jobs.consume`: the command `recsys consume`."""

from jobs.cli import run
from jobs.commands.consume_stream import command

if __name__ == "__main__":
    run(command)
