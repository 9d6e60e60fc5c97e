"""`python -m jobs.evaluate_detected_events`: the command `recsys evaluate-detected-events`."""

from jobs.cli import run
from jobs.commands.evaluate_detected_events import command

if __name__ == "__main__":
    run(command)
