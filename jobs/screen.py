"""`python -m jobs.screen`: the command `recsys screen`."""

from .cli import run
from .commands.screen_items import command

if __name__ == "__main__":
    run(command)
