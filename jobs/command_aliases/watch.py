"""`python -m jobs.watch`: the command `recsys watch`."""

from jobs.cli import run
from jobs.commands.watches import command

if __name__ == "__main__":
    run(command)
