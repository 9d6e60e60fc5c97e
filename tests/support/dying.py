"""Run a module of jobs and kill the process by SIGKILL at some file operation of a step of a night.

python tests/support/dying.py STEP NUMBER MODULE ARGUMENTS…

Operations are counted from the creation of the step's folder: files opened for writing, folders
made, names changed and removed. With NUMBER 0 nothing is killed; what they were is printed, and how
many.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from typing import Any

_CHANGES = frozenset({"os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"})


class Death:
    """Counts the file operations of a step."""

    def __init__(self, step: str, number: int) -> None:
        self.step, self.number = step, number
        self.inside, self.count = False, 0
        self.kinds: list[str] = []

    def __call__(self, name: str, arguments: tuple[Any, ...]) -> None:
        if name == "os.mkdir":
            made = os.path.basename(os.fsdecode(arguments[0]))
            if made == f".{self.step}":
                self.inside = True
            elif made.startswith(".") and not made.startswith(".aside"):
                self.inside = False
        if not self.inside:
            return
        if name in _CHANGES or (name == "open" and _writes(arguments)):
            self.count += 1
            self.kinds.append(name)
            if self.count == self.number:
                os.kill(os.getpid(), signal.SIGKILL)


def _writes(arguments: tuple[Any, ...]) -> bool:
    mode, flags = arguments[1:3]
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def main() -> None:
    """Run a module until its death."""
    step, number, module, *arguments = sys.argv[1:]
    death = Death(step, int(number))
    sys.argv = [module, *arguments]
    sys.addaudithook(death)
    try:
        runpy.run_module(f"jobs.{module}", run_name="__main__", alter_sys=True)
    finally:
        print(f"kinds: {' '.join(death.kinds)}", file=sys.stderr)
        print(f"operations: {death.count}", file=sys.stderr)


if __name__ == "__main__":
    main()
