"""`python -m jobs.restore`: the command `recsys restore`."""

from .cli import run
from .commands.restore import command

if __name__ == "__main__":
    run(command)
