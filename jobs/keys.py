"""`python -m jobs.keys`: the command `recsys keys`."""

from .cli import run
from .commands.api_keys import command

if __name__ == "__main__":
    run(command)
