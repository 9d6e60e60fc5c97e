"""`python -m jobs.evaluate_fairness`: the command `recsys evaluate-fairness`."""

from jobs.cli import run
from jobs.commands.evaluate_fairness import command

if __name__ == "__main__":
    run(command)
