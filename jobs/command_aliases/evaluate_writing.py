"""`python -m jobs.evaluate_writing`: the command `recsys evaluate-writing`."""

from jobs.cli import run
from jobs.commands.evaluate_writing import command

if __name__ == "__main__":
    run(command)
