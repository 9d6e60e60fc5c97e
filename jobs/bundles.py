"""`python -m jobs.bundles`: the command `recsys bundles`."""

from .cli import run
from .commands.bundles import command

if __name__ == "__main__":
    run(command)
