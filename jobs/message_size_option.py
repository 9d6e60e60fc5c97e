"""Option of commands that read messages of streams: how large a message may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from recsys.streams.event_parser import MOST_BYTES


def max_message_bytes_option(words: str) -> Callable[[Any], Any]:
    """Return the option --max-message-bytes; `words` say what becomes of larger messages."""
    return click.option(
        "--max-message-bytes",
        type=click.IntRange(min=1),
        default=MOST_BYTES,
        show_default=True,
        help=words,
    )
