"""`python -m jobs.evaluate_watches`: the command `recsys evaluate-watches`."""

from jobs.cli import run
from jobs.commands.evaluate_watches import command

if __name__ == "__main__":
    run(command)
