"""`python -m jobs.evaluate_trends`: the command `recsys evaluate-trends`."""

from .cli import run
from .commands.evaluate_trends import command

if __name__ == "__main__":
    run(command)
