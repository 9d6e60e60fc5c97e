"""`python -m jobs.evaluate_dialogue`: the command `recsys evaluate-dialogue`."""

from jobs.cli import run
from jobs.commands.evaluate_dialogue import command

if __name__ == "__main__":
    run(command)
