"""`python -m jobs.replay`: the command `recsys replay`."""

from jobs.cli import run
from jobs.commands.replay_policy import command

if __name__ == "__main__":
    run(command)
