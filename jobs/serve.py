"""`python -m jobs.serve`: the command `recsys serve`."""

from .cli import run
from .commands.serve import command

if __name__ == "__main__":
    run(command)
