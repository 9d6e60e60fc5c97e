"""AnswerProcess: a short-lived process that opens a bundle, answers one request, and ends.

A worker holds one bundle. Lists of another one, or of many users, are made by a process of their
own. The request is JSON on its standard input, so that no user id is on a command line; the answer
is JSON on its standard output.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from recsys.settings import Settings

from ..errors import ApiError
from ..settings import child_environment

NICE = 5  # by which the priority of such a process is lower than that of requests


class NoAnswer(Exception):
    """A process ended without an answer, or (`late`) had none in time."""

    def __init__(self, late: bool) -> None:
        super().__init__("late" if late else "ended")
        self.late = late


class AnswerProcess:
    """Starts a module of the package api as a process per request, a few at a time.

    `most`: processes of a worker at once; 429 with the message `busy` beyond. `seconds`: that one
    may take.
    """

    def __init__(self, module: str, most: int, seconds: float, busy: str, retry_after: int) -> None:
        self.seconds = seconds
        self._module = f"{str(__package__).rpartition('.')[0]}.{module}"
        self._places = threading.BoundedSemaphore(most)
        self._busy, self._retry_after = busy, retry_after

    def answer(self, settings: Settings, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a request; NoAnswer where there is none."""
        if not self._places.acquire(blocking=False):
            headers = {"Retry-After": str(self._retry_after)}
            raise ApiError(429, self._busy, headers=headers)
        own = replace(settings, metrics_folder="", deliver=False, access_log=False)
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", self._module],
                input=json.dumps(given),
                capture_output=True,
                text=True,
                timeout=self.seconds,
                env=child_environment(own),
                check=False,
            )
            return dict(json.loads(done.stdout))
        except subprocess.TimeoutExpired:
            raise NoAnswer(late=True) from None
        except ValueError:
            raise NoAnswer(late=False) from None
        finally:
            self._places.release()


def answer_standard_input(answer: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
    """Answer the request on the standard input, at a lower priority than requests have."""
    os.nice(NICE)
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
