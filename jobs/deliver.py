"""`python -m jobs.deliver`: the command `recsys deliver`."""

from .cli import run
from .commands.deliver import command

if __name__ == "__main__":
    run(command)
