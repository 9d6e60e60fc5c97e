"""`recsys speak`: serves a local language model to the workers, on loopback.

RECSYS_LLM=llama:/srv/models/small.gguf recsys speak
RECSYS_LLM=t5:/srv/models/t5 recsys speak
"""

from __future__ import annotations

from pathlib import Path

import click

from recsys.errors import DataError
from recsys.language_model.address import FORMS, ModelAddress
from recsys.language_model.local_model_http_server import ModelServer
from recsys.language_model.local_models import writer_of

from ..cli import run
from ..environment import load_settings


@click.command(name="speak")
@click.option("--port", type=click.IntRange(0, 65_535), help="Instead of RECSYS_SPEAK_PORT.")
def command(port: int | None) -> None:
    """Serve the model of RECSYS_LLM until interrupted; needs the extra `speak`."""
    settings = load_settings(speak_port=port)
    address = ModelAddress.of(settings.llm, settings.speak_port)
    if address is None:
        raise DataError(f"RECSYS_LLM is not set: {FORMS}")
    writer = writer_of(address)
    try:
        server = ModelServer(writer, Path(address.model).name, settings.speak_port)
    except OSError as error:
        raise DataError(f"port {settings.speak_port}: {error.strerror or error}") from error
    with server:
        print(f"serving {address.model} at http://127.0.0.1:{server.server_port}/v1", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    run(command)
