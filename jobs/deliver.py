"""`python -m jobs.deliver`: the command `recsys deliver`."""

from .cli import run
from .commands.deliver_notices import command

if __name__ == "__main__":
    run(command)
