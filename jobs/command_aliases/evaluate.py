"""`python -m jobs.evaluate`: the command `recsys evaluate`."""

from jobs.cli import run
from jobs.commands.evaluate import command

if __name__ == "__main__":
    run(command)
