"""`python -m jobs.backup`: the command `recsys backup`."""

from jobs.cli import run
from jobs.commands.backup import command

if __name__ == "__main__":
    run(command)
