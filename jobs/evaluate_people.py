"""`python -m jobs.evaluate_people`: the command `recsys evaluate-people`."""

from .cli import run
from .commands.evaluate_people import command

if __name__ == "__main__":
    run(command)
