"""`python -m jobs.train_tone`: the command `recsys train-tone`."""

from .cli import run
from .commands.train_sentiment_model import command

if __name__ == "__main__":
    run(command)
