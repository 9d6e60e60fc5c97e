"""`python -m jobs.erase`: the command `recsys erase`."""

from jobs.cli import run
from jobs.commands.erase_user import command

if __name__ == "__main__":
    run(command)
