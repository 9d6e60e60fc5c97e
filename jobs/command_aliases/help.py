"""`python -m jobs.help`: the command `recsys help`."""

from jobs.cli import run
from jobs.commands.help_texts import command

if __name__ == "__main__":
    run(command)
