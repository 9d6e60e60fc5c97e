"""`python -m jobs.audit`: the command `recsys audit`."""

from jobs.cli import run
from jobs.commands.audit_log import command

if __name__ == "__main__":
    run(command)
