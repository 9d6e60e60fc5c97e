"""`python -m jobs.digest`: the command `recsys digest`."""

from jobs.cli import run
from jobs.commands.digest import command

if __name__ == "__main__":
    run(command)
