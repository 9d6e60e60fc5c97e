"""`python -m jobs.mail`: the command `recsys mail`."""

from .cli import run
from .commands.mail_addresses import command

if __name__ == "__main__":
    run(command)
