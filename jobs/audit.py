"""`python -m jobs.audit`: the command `recsys audit`."""

from .cli import run
from .commands.audit_log import command

if __name__ == "__main__":
    run(command)
