"""`python -m jobs.evaluate_profiles`: the command `recsys evaluate-profiles`."""

from jobs.cli import run
from jobs.commands.evaluate_user_profiles import command

if __name__ == "__main__":
    run(command)
