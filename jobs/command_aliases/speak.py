"""`python -m jobs.speak`: the command `recsys speak`."""

from jobs.cli import run
from jobs.commands.speak import command

if __name__ == "__main__":
    run(command)
