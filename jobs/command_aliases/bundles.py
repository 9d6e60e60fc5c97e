"""`python -m jobs.bundles`: the command `recsys bundles`."""

from jobs.cli import run
from jobs.commands.bundles import command

if __name__ == "__main__":
    run(command)
