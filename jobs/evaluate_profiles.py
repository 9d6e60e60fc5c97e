"""`python -m jobs.evaluate_profiles`: the command `recsys evaluate-profiles`."""

from .cli import run
from .commands.evaluate_user_profiles import command

if __name__ == "__main__":
    run(command)
