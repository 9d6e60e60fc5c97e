"""FolderSource: JSON lines files that grow, in one folder, as a source of messages.

    events-2026-11-30.jsonl     # one event per line, appended by the sender

Each file is a partition, and a position is a number of bytes. A line counts once it ends with a
line feed, so that half-written lines wait. Files are read in the order of their names; new ones
are found at each look.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from recsys.errors import StreamError
from recsys.store.stream_positions import Partition
from recsys.streams.source import Claim, Message, Release

PATTERN = "*.jsonl"
_CHUNK = 1 << 20  # bytes that are read of a file at once
_LONGEST = 64_000_000  # bytes of one line
_LOOK = 0.05  # seconds between looks at files without a new line


class FolderSource:
    """Messages of the files of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"folder:{folder.absolute()}"
        self._positions: dict[str, int] = {}  # bytes that were given, by name of file
        self._paused = False
        self._claim: Claim | None = None

    def open(self, claim: Claim, release: Release) -> None:
        """Begin; StreamError when there is no such folder."""
        if not self.folder.is_dir():
            raise StreamError(f"{self.folder} is no folder: name one with files {PATTERN}")
        self._claim, self._positions = claim, {}

    def read(self, limit: int, seconds: float) -> list[Message]:
        """Return lines of the first file that has new ones."""
        until = time.monotonic() + seconds
        while True:
            if not self._paused:
                for path in self._files():
                    if found := self._lines(path, limit):
                        return found
            left = until - time.monotonic()
            if left <= 0:
                return []
            time.sleep(min(_LOOK, left))

    def pause(self) -> None:
        """Give no message."""
        self._paused = True

    def resume(self) -> None:
        """Give messages again."""
        self._paused = False

    def stored(self, positions: Mapping[Partition, str]) -> None:
        """Do nothing: the positions in the store are the only ones."""

    def ended(self) -> bool:
        """Whether no file has a whole line that was not given."""
        return not any(self._lines(path, 1, keep=False) for path in self._files())

    def lag(self) -> int | None:
        """Return None: lines are not counted before they are read."""
        return None

    def close(self) -> None:
        """Forget all positions."""
        self._positions = {}

    def _files(self) -> list[Path]:
        """Return the files by name, each with a position."""
        assert self._claim is not None, "open first"
        try:
            files = sorted(self.folder.glob(PATTERN))
        except OSError as error:
            raise StreamError(f"{self.folder}: cannot be read ({error.strerror})") from error
        new = [path.name for path in files if path.name not in self._positions]
        if new:
            held = self._claim([Partition(name, 0) for name in new])
            self._positions |= {one.topic: int(at or 0) for one, at in held.items()}
        return files

    def _lines(self, path: Path, limit: int, keep: bool = True) -> list[Message]:
        """Return the next whole lines of a file; `keep`: the position moves past them."""
        start, partition = self._positions[path.name], Partition(path.name, 0)
        try:
            with path.open("rb") as file:
                size = file.seek(0, 2)
                if size < start:
                    raise StreamError(
                        f"{path} has {size} bytes, and {start} were read before: files may only"
                        f" grow. To read it from its beginning: recsys streams seek"
                        f" --source '{self.name}' --topic {path.name} --to 0"
                    )
                if size == start:
                    return []
                file.seek(start)
                chunk = file.read(_CHUNK)
                while b"\n" not in chunk and (more := file.read(_CHUNK)):
                    chunk += more
                    if len(chunk) > _LONGEST:
                        raise StreamError(
                            f"{path}: the line at byte {start} has more than {_LONGEST:,} bytes:"
                            " remove it, or end it with a line feed"
                        )
                sent = path.stat().st_mtime
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StreamError(f"{path}: cannot be read ({error.strerror})") from error
        found, at = [], start
        for line in chunk.split(b"\n", limit)[:-1]:
            end = at + len(line) + 1
            found.append(Message(partition, str(at), str(end), line.strip() or None, sent))
            at = end
        if keep:
            self._positions[path.name] = at
        return found
