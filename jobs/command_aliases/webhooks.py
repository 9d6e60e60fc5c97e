"""`python -m jobs.webhooks`: the command `recsys webhooks`."""

from jobs.cli import run
from jobs.commands.webhooks import command

if __name__ == "__main__":
    run(command)
