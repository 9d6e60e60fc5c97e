"""`python -m jobs.settings`: the command `recsys settings`."""

from .cli import run
from .commands.show_settings import command

if __name__ == "__main__":
    run(command)
