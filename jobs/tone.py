"""`python -m jobs.tone`: the command `recsys tone`."""

from .cli import run
from .commands.score_sentiment import command

if __name__ == "__main__":
    run(command)
