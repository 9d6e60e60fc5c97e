"""`python -m jobs.whatif`: the command `recsys whatif`."""

from jobs.cli import run
from jobs.commands.what_if import command

if __name__ == "__main__":
    run(command)
