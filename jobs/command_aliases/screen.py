"""`python -m jobs.screen`: the command `recsys screen`."""

from jobs.cli import run
from jobs.commands.screen_items import command

if __name__ == "__main__":
    run(command)
