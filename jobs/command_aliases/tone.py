"""`python -m jobs.tone`: the command `recsys tone`."""

from jobs.cli import run
from jobs.commands.score_sentiment import command

if __name__ == "__main__":
    run(command)
