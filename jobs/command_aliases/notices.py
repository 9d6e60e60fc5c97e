"""`python -m jobs.notices`: the command `recsys notices`."""

from jobs.cli import run
from jobs.commands.notices import command

if __name__ == "__main__":
    run(command)
