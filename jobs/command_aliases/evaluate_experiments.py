"""`python -m jobs.evaluate_experiments`: the command `recsys evaluate-experiments`."""

from jobs.cli import run
from jobs.commands.evaluate_experiments import command

if __name__ == "__main__":
    run(command)
