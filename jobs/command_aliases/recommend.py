"""`python -m jobs.recommend`: the command `recsys recommend`."""

from jobs.cli import run
from jobs.commands.recommend import command

if __name__ == "__main__":
    run(command)
