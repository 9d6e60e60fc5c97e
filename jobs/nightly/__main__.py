"""`python -m jobs.nightly`: the command `recsys nightly`."""

from ..cli import run
from ..commands.nightly import command

if __name__ == "__main__":
    run(command)
