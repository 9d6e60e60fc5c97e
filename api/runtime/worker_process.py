"""Worker process of `recsys serve`: runs the app under uvicorn on an inherited socket.

    python -P -m recsys.api.runtime.worker_process --socket 5 --beat 6 --number 0

It writes a byte to `--beat` each second that it could answer itself. Its parent ends it when none
comes for ten seconds, and it ends when its parent is gone.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import gc
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any

import uvicorn

from recsys.errors import RecsysError

from ..app import admission, create_app
from ..http.uvicorn_protocol import Connection, Connections
from ..http.wsgi_to_asgi import AsgiApp
from ..logs import configure
from ..settings import load_settings
from .rate_limiter import RateLimiter

WRONG = 78  # exit status when the settings are wrong (EX_CONFIG): to try again is of no use
GRACE = 5  # seconds that requests under way get at the end
_BEAT = 1.0  # seconds between two answers to itself
_FILES = 200  # open files that are not connections
_BACKLOG = 2048  # connections that wait in the kernel

log = logging.getLogger("recsys.api")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal comes or the parent is gone; return the exit status."""
    given = _parser().parse_args(arguments)
    configure()
    try:
        settings = load_settings()
        buckets = None if given.buckets is None else RateLimiter.shared(given.buckets)
        app = create_app(settings, figures=given.figures, buckets=buckets)
    except RecsysError as error:
        if not given.number:  # the others know it as well
            sys.stderr.write(f"recsys serve: {error}\n")
        return WRONG
    # What is there now stays. The collector need not look through half a million objects again and
    # again: that took a twentieth of all CPU, in pauses that requests waited for.
    gc.collect()
    gc.freeze()
    front = AsgiApp(app.wsgi_app, settings.max_body, settings.body_seconds, admission(app))
    # uvicorn raises the signal that ended it once more, which must not cut off what follows
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    asyncio.run(_serve(front, socket.socket(fileno=given.socket), given.beat))
    front.close()
    app.extensions["service"].close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="One worker process of `recsys serve`.")
    parser.add_argument("--socket", type=int, required=True, help="File number to accept from.")
    parser.add_argument("--beat", type=int, required=True, help="File number to write to.")
    parser.add_argument("--buckets", type=int, help="File number of the rate limits' memory.")
    parser.add_argument("--figures", default="", help="Folder of the figures of all workers.")
    parser.add_argument("--number", type=int, default=0, help="Place among the workers, from 0.")
    return parser


async def _serve(front: AsgiApp, listening: socket.socket, beat: int) -> None:
    connections = Connections(_most_connections())
    config = uvicorn.Config(
        front,
        http=functools.partial(Connection, connections=connections),  # type: ignore[arg-type]
        ws="none",
        loop="asyncio",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=86_400,  # Connections watches over them
        timeout_graceful_shutdown=GRACE,
        backlog=1,  # one connection at a time, so that they spread over the workers
    )
    server = uvicorn.Server(config)
    # before the first request: a worker that has served one and is killed could start, after all
    if not await _report(front, beat):
        return
    watching = asyncio.create_task(connections.watch())
    beating = asyncio.create_task(_beat(front, server, listening, beat))
    try:
        await server.serve([listening])
    finally:
        watching.cancel()
        beating.cancel()


async def _beat(front: AsgiApp, server: Any, listening: socket.socket, beat: int) -> None:
    """Report to the parent each second that this process answers; stop when it is gone."""
    while not server.started:
        await asyncio.sleep(0.01)
    listening.listen(_BACKLOG)
    while await _report(front, beat):
        await asyncio.sleep(_BEAT)
    server.should_exit = True


async def _report(front: AsgiApp, beat: int) -> bool:
    """Write a byte to the parent if this process answers itself; False when the parent is gone."""
    if await front.alive():
        try:
            os.write(beat, b".")
        except BlockingIOError:
            pass  # the parent has enough to read
        except OSError:
            log.warning("the parent is gone")
            return False
    return True


def _most_connections() -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = min(hard, 65_536) if hard != resource.RLIM_INFINITY else 65_536
    if soft < target:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
    return max(16, max(soft, target) - _FILES)


if __name__ == "__main__":
    sys.exit(main())
