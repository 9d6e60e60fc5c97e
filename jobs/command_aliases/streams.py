"""`python -m jobs.streams`: the command `recsys streams`."""

from jobs.cli import run
from jobs.commands.streams import command

if __name__ == "__main__":
    run(command)
