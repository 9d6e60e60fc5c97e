"""`python -m jobs.settings`: the command `recsys settings`."""

from jobs.cli import run
from jobs.commands.show_settings import command

if __name__ == "__main__":
    run(command)
