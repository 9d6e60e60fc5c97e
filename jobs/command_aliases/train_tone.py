"""`python -m jobs.train_tone`: the command `recsys train-tone`."""

from jobs.cli import run
from jobs.commands.train_sentiment_model import command

if __name__ == "__main__":
    run(command)
