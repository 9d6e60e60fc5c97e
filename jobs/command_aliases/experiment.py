"""`python -m jobs.experiment`: the command `recsys experiment`."""

from jobs.cli import run
from jobs.commands.experiments import command

if __name__ == "__main__":
    run(command)
