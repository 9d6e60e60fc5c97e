"""`python -m jobs.evaluate_trends`: the command `recsys evaluate-trends`."""

from jobs.cli import run
from jobs.commands.evaluate_trends import command

if __name__ == "__main__":
    run(command)
