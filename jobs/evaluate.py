"""`python -m jobs.evaluate`: the command `recsys evaluate`."""

from .cli import run
from .commands.evaluate import command

if __name__ == "__main__":
    run(command)
