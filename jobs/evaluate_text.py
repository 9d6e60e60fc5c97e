"""`python -m jobs.evaluate_text`: the command `recsys evaluate-text`."""

from .cli import run
from .commands.evaluate_sentiment_and_topics import command

if __name__ == "__main__":
    run(command)
