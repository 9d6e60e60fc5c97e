"""`python -m jobs.mail`: the command `recsys mail`."""

from jobs.cli import run
from jobs.commands.mail_addresses import command

if __name__ == "__main__":
    run(command)
