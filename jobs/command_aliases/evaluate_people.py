"""`python -m jobs.evaluate_people`: the command `recsys evaluate-people`."""

from jobs.cli import run
from jobs.commands.evaluate_people import command

if __name__ == "__main__":
    run(command)
