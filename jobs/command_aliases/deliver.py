"""`python -m jobs.deliver`: the command `recsys deliver`."""

from jobs.cli import run
from jobs.commands.deliver_notices import command

if __name__ == "__main__":
    run(command)
