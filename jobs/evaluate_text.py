"""`python -m jobs.evaluate_text`: the command `recsys evaluate-text`."""

from .cli import run
from .commands.evaluate_text import command

if __name__ == "__main__":
    run(command)
