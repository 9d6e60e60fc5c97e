"""`python -m jobs.merge`: the command `recsys merge`."""

from .cli import run
from .commands.merge_users import command

if __name__ == "__main__":
    run(command)
