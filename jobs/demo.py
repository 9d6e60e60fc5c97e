"""`python -m jobs.demo`: the command `recsys demo`."""

from .cli import run
from .commands.demo import command

if __name__ == "__main__":
    run(command)
