"""Commands run in processes that are forked from one with the modules loaded.

A command spends a second and a half of CPU on imports, often more than on its work. One process for
each process of pytest imports the modules once and is forked for each call: the command has a
process, an environment and file descriptors of its own, and runs `python -m MODULE` to its end.
What a new interpreter does differently (imports, what is read while modules are loaded, signals) is
tested where tests start one: test_cli.py, test_serve.py, the first night of test_nightly.py.
"""

from __future__ import annotations

import array
import atexit
import importlib
import json
import os
import runpy
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

PRELOADED = ("jobs.cli", "jobs.commands.nightly", "jobs.commands.recommend", "faiss")
_LENGTH = 8
_servers: dict[tuple[str, ...], socket.socket] = {}


def run_module(
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    cwd: Path | None = None,
    loaded: tuple[str, ...] = (),
) -> subprocess.CompletedProcess[str]:
    """Run `python -m module arguments` to its end, and return its status and output.

    The status of a process that was killed is the negative number of the signal.

    `loaded`: modules that are loaded before the fork, besides those that most commands load.
    """
    request = json.dumps([module, list(arguments), dict(environment), str(cwd or Path.cwd())])
    server = _started(loaded)
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        head = len(request.encode()).to_bytes(_LENGTH, "big")
        socket.send_fds(server, [head], [output.fileno(), errors.fileno()])
        server.sendall(request.encode())
        status = int.from_bytes(_read(server, _LENGTH), "big", signed=True)
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess(["python", "-m", module, *arguments], status, *texts)


def _started(loaded: tuple[str, ...]) -> socket.socket:
    """Return the connection to the process that is forked, started at the first call."""
    if loaded not in _servers:
        ours, theirs = socket.socketpair()
        names = [*PRELOADED, *loaded]
        program = [sys.executable, str(Path(__file__)), str(theirs.fileno()), *names]
        root = str(Path(__file__).parents[2])
        with theirs:
            process = subprocess.Popen(
                program, pass_fds=[theirs.fileno()], env={**os.environ, "PYTHONPATH": root}
            )
        _servers[loaded] = ours
        atexit.register(_stop, process, ours)
    return _servers[loaded]


def _stop(process: subprocess.Popen[bytes], connection: socket.socket) -> None:
    connection.close()
    process.wait(timeout=30)


def _read(connection: socket.socket, count: int) -> bytes:
    """Read exactly `count` bytes; EOFError where the other side is gone."""
    found = b""
    while len(found) < count:
        part = connection.recv(count - len(found))
        if not part:
            raise EOFError("the process that runs commands is gone")
        found += part
    return found


def serve(connection: socket.socket, loaded: Sequence[str]) -> None:
    """Load modules, and fork a process for each request until the other side is closed."""
    for name in loaded:
        importlib.import_module(name)
    others = [path for path in Path("/proc/self/task").iterdir() if path.name != str(os.getpid())]
    names = {(path / "comm").read_text().strip() for path in others}
    # pyarrow's allocator has one, which it stops and starts again around a fork
    assert threading.active_count() == 1 and names <= {"jemalloc_bg_thd"}, names
    while True:
        fds = array.array("i")
        head, ancillary, _, _ = connection.recvmsg(_LENGTH, socket.CMSG_LEN(2 * fds.itemsize))
        if not head:
            return
        for _, _, data in ancillary:
            fds.frombytes(data)
        head += _read(connection, _LENGTH - len(head)) if len(head) < _LENGTH else b""
        request = json.loads(_read(connection, int.from_bytes(head, "big")))
        child = os.fork()
        if child == 0:
            connection.close()
            _command(*request, output=fds[0], errors=fds[1])
        for fd in fds:
            os.close(fd)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        connection.sendall(status.to_bytes(_LENGTH, "big", signed=True))


def _command(
    module: str,
    arguments: list[str],
    environment: dict[str, str],
    cwd: str,
    *,
    output: int,
    errors: int,
) -> None:
    """Run a module as the main program of this process, and end the process as Python would."""
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    for source, target in ((output, 1), (errors, 2)):
        os.dup2(source, target)
        os.close(source)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv = [module, *arguments]
    sys.modules.pop(module, None)  # it runs anew as __main__
    status = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = _status(end.code)
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]  # as at the end of an interpreter
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _status(code: object) -> int:
    """Return the exit status that an interpreter gives for the code of a SystemExit."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        serve(requests, sys.argv[2:])
