"""`python -m jobs.merge`: the command `recsys merge`."""

from jobs.cli import run
from jobs.commands.merge_users import command

if __name__ == "__main__":
    run(command)
