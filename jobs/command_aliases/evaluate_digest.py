"""`python -m jobs.evaluate_digest`: the command `recsys evaluate-digest`."""

from jobs.cli import run
from jobs.commands.evaluate_digest import command

if __name__ == "__main__":
    run(command)
