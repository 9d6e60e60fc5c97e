"""Supervisor of `recsys serve`: starts worker processes and replaces those that die.

    python -P -m recsys.jobs.worker_supervisor --app recsys.api.runtime.worker_process --workers 2

A worker that dies is replaced: at once the first time, then after a pause that doubles up to half a
minute. A worker that has not answered itself for ten seconds is ended. Only what Python itself
brings is imported here, so that the parent takes little memory. Workers have the environment of
their parent; `recsys serve` makes it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MEMORY = 262_144  # bytes that workers share for their rate limits
SILENCE = 10.0  # seconds without an answer to itself after which a worker is ended
START = 120.0  # seconds that a worker may take until its first answer
WRONG = 78  # exit status of a worker whose settings are wrong
TRIES = 3  # workers that may die before any has ever answered
STEADY = 30.0  # seconds of life after which a death counts as the first again
_PAUSE = 0.5  # seconds before the second replacement; doubles with each
_LONGEST = 30.0  # seconds before a replacement at most
_GRACE = 8.0  # seconds between the request to end and the order to
_LOOK = 0.2  # seconds between looks
_DEATHS = 100  # latest ones that are kept for notices
_PREFIX = "recsys-serve-"


class Worker:
    """One place among the workers, and the process that fills it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.process: subprocess.Popen[bytes] | None = None
        self.beat = -1  # the file number that its answers come through
        self.started = self.answered = 0.0  # monotonic seconds; answered 0: not yet
        self.early = 0  # deaths in a row that came soon
        self.due = 0.0  # monotonic seconds from which it may be started

    def silent(self, now: float) -> bool:
        """Whether it has not answered itself for too long."""
        if self.answered:
            return now - self.answered > SILENCE
        return now - self.started > START

    def listen(self) -> None:
        """Take in the answers that have come."""
        with contextlib.suppress(BlockingIOError):
            if os.read(self.beat, 4096):
                self.answered = time.monotonic()


class Companion:
    """A process beside the workers that is started anew, after a pause, when it ends.

    Its standard input ends with the supervisor.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self.process: subprocess.Popen[bytes] | None = None
        self._started = self._due = 0.0  # monotonic seconds
        self._early = 0  # ends in a row that came soon
        self._wrong = False  # whether its settings are wrong

    def look(self) -> None:
        """Start it where it is due."""
        now = time.monotonic()
        if self.process is None:
            if now >= self._due and not self._wrong:
                command = [sys.executable, "-P", "-m", self._module]
                self.process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, start_new_session=True
                )
                self._started = now
        elif (status := self.process.poll()) is not None:
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process, self._wrong = None, status == WRONG
            self._early = self._early + 1 if now - self._started < STEADY else 1
            self._due = now + min(_LONGEST, _PAUSE * 2.0 ** (self._early - 1))
            _log("error", "a process beside the workers ended", module=self._module, status=status)


class Supervisor:
    """Keeps so many workers alive on one socket."""

    def __init__(
        self,
        app: str,
        listening: socket.socket,
        count: int,
        folder: Path,
        companion: Companion | None = None,
    ) -> None:
        self._app = app
        self._companion = companion
        self._socket = listening
        self._memory = _memory()
        self._folder = folder
        self._workers = [Worker(number) for number in range(count)]
        self._deaths = {"exit": 0, "signal": 0, "silence": 0}
        self._latest: list[dict[str, Any]] = []  # deaths
        self._ever = False  # whether any worker has ever answered
        self._ending = False

    def run(self) -> int:
        """Serve until a signal comes; return the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        self._report_deaths()
        try:
            while not self._ending:
                for worker in self._workers:
                    if (status := self._look(worker)) is not None:
                        return status
                if self._companion is not None:
                    self._companion.look()
                time.sleep(_LOOK)
            return 0
        finally:
            self._stop()

    def _end(self, *_: object) -> None:
        self._ending = True

    def _look(self, worker: Worker) -> int | None:
        """Start, hear, end or replace a worker; an exit status when there is no use in going on."""
        now = time.monotonic()
        if worker.process is None:
            if now >= worker.due:
                self._start(worker)
            return None
        worker.listen()
        self._ever = self._ever or bool(worker.answered)
        status = worker.process.poll()
        if status is not None:
            return self._died(worker, "exit" if status >= 0 else "signal", status)
        if worker.silent(now):
            worker.process.kill()
            return self._died(worker, "silence", worker.process.wait())
        return None

    def _start(self, worker: Worker) -> None:
        read_end, write_end = os.pipe()
        os.set_blocking(read_end, False)
        os.set_blocking(write_end, False)
        files = [self._socket.fileno(), write_end]
        command = [sys.executable, "-P", "-m", self._app, "--number", str(worker.number)]
        command += [
            "--socket",
            str(files[0]),
            "--beat",
            str(write_end),
            "--figures",
            str(self._folder),
        ]
        if self._memory is not None:
            files.append(self._memory)
            command += ["--buckets", str(self._memory)]
        worker.process = subprocess.Popen(command, pass_fds=files, start_new_session=True)
        os.close(write_end)
        worker.beat, worker.started, worker.answered = read_end, time.monotonic(), 0.0

    def _died(self, worker: Worker, cause: str, status: int) -> int | None:
        """Note a death and when to replace the worker; an exit status when that is of no use."""
        assert worker.process is not None
        now = time.monotonic()
        lived, pid = now - worker.started, worker.process.pid
        os.close(worker.beat)
        worker.process = None
        if status == WRONG and not self._ever:
            worker.due = now + _LONGEST
            return None if worker.number else 1  # the first one says what is wrong, and it has
        worker.early = worker.early + 1 if lived < STEADY else 1
        if not self._ever and worker.early >= TRIES:
            _log("error", "no worker can start: the lines above say why", status=status)
            return 1
        pause = 0.0 if worker.early == 1 else min(_LONGEST, _PAUSE * 2.0 ** (worker.early - 2))
        worker.due = now + pause
        self._deaths[cause] += 1
        self._report_deaths()
        record: dict[str, Any] = {"worker": worker.number, "pid": pid, "cause": cause}
        record |= {"status": status, "lived": round(lived, 1)}
        self._note_death({**record, "at": time.time(), "host": socket.gethostname()})
        _log("error", "a worker died and is replaced", **record, pause=pause)
        return None

    def _note_death(self, death: dict[str, Any]) -> None:
        """Leave the latest deaths where the workers look for them, who make notices of them."""
        self._latest = [*self._latest[-_DEATHS:], death]
        part = self._folder / "deaths.part"
        with contextlib.suppress(OSError):
            part.write_text(json.dumps(self._latest), "utf-8")
            part.replace(self._folder / "deaths.list")

    def _report_deaths(self) -> None:
        """Leave the numbers of deaths where the workers look for figures."""
        samples = [
            ["recsys_worker_deaths_total", [["cause", cause]], count]
            for cause, count in self._deaths.items()
        ]
        record = {"name": "recsys_worker_deaths", "type": "counter", "samples": samples}
        record["help"] = "Workers that died and were replaced, by cause"
        part = self._folder / "supervisor.part"
        with contextlib.suppress(OSError):  # no room for it: the log has the line
            part.write_text(json.dumps([record]), "utf-8")
            part.replace(self._folder / "supervisor.json")

    def _stop(self) -> None:
        """Ask all workers to end, and make them after a while."""
        left = [worker.process for worker in self._workers if worker.process is not None]
        if self._companion is not None and self._companion.process is not None:
            left.append(self._companion.process)
        for process in left:
            process.terminate()
        until = time.monotonic() + _GRACE
        for process in left:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _memory() -> int | None:
    """Return the file number of memory that exists in full; None where there is none to be had.

    Memory that is only promised ends a process that touches it when there is none left.
    """
    try:
        file = os.memfd_create("recsys-buckets", 0)
        os.posix_fallocate(file, 0, MEMORY)
    except (AttributeError, OSError):
        return None
    return file


def private_folder() -> Path:
    """Return a new folder in memory where there is such a place, else among temporary files.

    Folders of servers that were killed are removed on the way.
    """
    memory = Path("/dev/shm")
    place = (
        memory if memory.is_dir() and os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    )
    for old in place.glob(f"{_PREFIX}*"):
        if old.stat().st_uid == os.getuid() and not _lives(old.name.split("-")[2]):
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=place))


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; OSError when the address cannot be listened on."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    found = socket.socket(family, kind, protocol)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind(address)
    found.listen(2048)
    found.setblocking(False)
    return found


def _log(level: str, message: str, **more: object) -> None:
    now = time.time()
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    line: dict[str, object] = {"time": f"{moment}.{int(now % 1 * 1000):03d}Z", "level": level}
    line |= {"logger": "recsys.serve", "message": message, **more}
    print(json.dumps(line), file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal comes; return the exit status."""
    parser = argparse.ArgumentParser(description="Start workers and keep them alive.")
    parser.add_argument("--host", required=True, help="Address to listen on.")
    parser.add_argument("--port", type=int, required=True, help="Port to listen on.")
    parser.add_argument("--workers", type=int, default=1, help="Processes.")
    parser.add_argument("--app", required=True, help="Module that a worker runs.")
    parser.add_argument("--beside", help="Module that runs beside the workers.")
    parser.add_argument("--figures", help="Folder of the workers' figures; default: a new one.")
    given = parser.parse_args(arguments)
    try:
        taken = listening(given.host, given.port)
        folder = Path(given.figures) if given.figures else private_folder()
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"{error.strerror}: {error.filename or given.port}", file=sys.stderr)
        return 1
    try:
        companion = Companion(given.beside) if given.beside else None
        return Supervisor(given.app, taken, given.workers, folder, companion).run()
    finally:
        if not given.figures:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
