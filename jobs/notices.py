"""`python -m jobs.notices`: the command `recsys notices`."""

from .cli import run
from .commands.notices import command

if __name__ == "__main__":
    run(command)
