"""`python -m jobs.restore`: the command `recsys restore`."""

from jobs.cli import run
from jobs.commands.restore import command

if __name__ == "__main__":
    run(command)
