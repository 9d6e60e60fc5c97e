"""`python -m jobs.evaluate_help`: the command `recsys evaluate-help`."""

from jobs.cli import run
from jobs.commands.evaluate_help import command

if __name__ == "__main__":
    run(command)
