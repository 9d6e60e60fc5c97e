"""Commands that run the API under gunicorn or granian instead of `recsys serve`.

    python -P -m recsys.api.runtime.gunicorn_and_granian gunicorn --port 8000 --workers 2

Each runs Front as an ASGI app. What `recsys serve` does by itself, deadlines for heads and the
replacement of workers, is left to them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from ..http.wsgi_to_asgi import AsgiApp


def front() -> AsgiApp:
    """Return the API as an ASGI app; settings come from the environment."""
    from ..app import admission
    from ..wsgi import app  # made in the process that serves

    settings = app.extensions["settings"]
    return AsgiApp(app.wsgi_app, settings.max_body, settings.body_seconds, admission(app))


def _gunicorn(host: str, port: int, workers: int) -> None:
    from gunicorn.app.base import BaseApplication

    class Application(BaseApplication):  # type: ignore[misc]
        """gunicorn, configured here and neither by files nor by its current folder."""

        def load_config(self) -> None:
            bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            result: dict[str, Any] = {"bind": bind, "workers": workers, "worker_class": "asgi"}
            result |= {"loglevel": "warning", "timeout": 10, "keepalive": 75}
            result |= {
                "asgi_lifespan": "off",
                "header_map": "refuse",
                "control_socket_disable": True,
            }
            for name, value in result.items():
                self.cfg.set(name, value)

        def load(self) -> AsgiApp:
            return front()

    Application().run()


def _granian(host: str, port: int, workers: int) -> None:
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    Granian(
        "recsys",
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        workers=workers,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        log_level=LogLevels.warning,
    ).serve(target_loader=front, wrap_loader=False)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(description="Run the API under another server.")
    parser.add_argument("server", choices=("gunicorn", "granian"))
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args(arguments)
    sys.argv[1:] = []  # gunicorn would read them
    run = {"gunicorn": _gunicorn, "granian": _granian}[given.server]
    run(given.host, given.port, given.workers)


if __name__ == "__main__":
    main()
