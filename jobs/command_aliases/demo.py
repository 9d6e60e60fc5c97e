"""`python -m jobs.demo`: the command `recsys demo`."""

from jobs.cli import run
from jobs.commands.demo import command

if __name__ == "__main__":
    run(command)
