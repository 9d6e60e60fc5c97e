"""`python -m jobs.webhooks`: the command `recsys webhooks`."""

from .cli import run
from .commands.webhooks import command

if __name__ == "__main__":
    run(command)
