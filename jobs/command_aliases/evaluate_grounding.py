"""`python -m jobs.evaluate_grounding`: the command `recsys evaluate-grounding`."""

from jobs.cli import run
from jobs.commands.evaluate_grounding import command

if __name__ == "__main__":
    run(command)
