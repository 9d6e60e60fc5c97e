"""`python -m jobs.erase`: the command `recsys erase`."""

from .cli import run
from .commands.erase_user import command

if __name__ == "__main__":
    run(command)
