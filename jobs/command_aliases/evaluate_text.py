"""`python -m jobs.evaluate_text`: the command `recsys evaluate-text`."""

from jobs.cli import run
from jobs.commands.evaluate_sentiment_and_topics import command

if __name__ == "__main__":
    run(command)
