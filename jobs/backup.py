"""`python -m jobs.backup`: the command `recsys backup`."""

from .cli import run
from .commands.backup import command

if __name__ == "__main__":
    run(command)
