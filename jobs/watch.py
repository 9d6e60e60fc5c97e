"""`python -m jobs.watch`: the command `recsys watch`."""

from .cli import run
from .commands.watches import command

if __name__ == "__main__":
    run(command)
