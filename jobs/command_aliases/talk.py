"""`python -m jobs.talk`: the command `recsys talk`."""

from jobs.cli import run
from jobs.commands.talk import command

if __name__ == "__main__":
    run(command)
