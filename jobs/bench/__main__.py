"""`python -m jobs.bench`: the command `recsys bench`."""

from ..cli import run
from ..commands.bench import command

if __name__ == "__main__":
    run(command)
