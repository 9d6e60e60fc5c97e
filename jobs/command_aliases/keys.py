"""`python -m jobs.keys`: the command `recsys keys`."""

from jobs.cli import run
from jobs.commands.api_keys import command

if __name__ == "__main__":
    run(command)
