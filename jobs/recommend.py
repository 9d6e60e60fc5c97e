"""`python -m jobs.recommend`: the command `recsys recommend`."""

from .cli import run
from .commands.recommend import command

if __name__ == "__main__":
    run(command)
