"""`python -m jobs.evaluate_ope`: the command `recsys evaluate-ope`."""

from jobs.cli import run
from jobs.commands.evaluate_off_policy import command

if __name__ == "__main__":
    run(command)
