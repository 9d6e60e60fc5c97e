"""`python -m jobs.serve`: the command `recsys serve`."""

from jobs.cli import run
from jobs.commands.serve import command

if __name__ == "__main__":
    run(command)
