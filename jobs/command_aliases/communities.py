"""`python -m jobs.communities`: the command `recsys communities`."""

from jobs.cli import run
from jobs.commands.report_communities import command

if __name__ == "__main__":
    run(command)
