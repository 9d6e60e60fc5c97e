"""RequestBody: a body as it arrives, within the memory that a process gives to bodies."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ApiError


@dataclass(frozen=True, slots=True)
class Admission:
    """What is read of the body of a request whose head was looked at."""

    limit: int  # bytes; 413 beyond
    holder: str  # under whom they are counted while they are held: a key, or an address


SMALL = 65_536  # bytes of a body that there is always room for


class BodyMemory:
    """Bytes of bodies that a process may hold, by whom they are from; half for one of them.

    Bytes count when they have arrived: whoever declares much and sends little takes no room.
    """

    def __init__(self, size: int) -> None:
        self._left = size
        self._share = size // 2
        self._held: dict[str, int] = {}

    def take(self, holder: str, size: int) -> None:
        """Count bytes; 503 where there is no room for them."""
        held = self._held.get(holder, 0) + size
        if size > self._left or held > self._share:
            raise busy("too many bodies are on their way")
        self._left -= size
        self._held[holder] = held

    def give(self, holder: str, size: int) -> None:
        """Give back the room of a body."""
        if not size:
            return
        self._left += size
        self._held[holder] -= size
        if not self._held[holder]:
            del self._held[holder]


@dataclass(slots=True)
class RequestBody:
    """A body as it arrives, and the room that it takes until its request is answered."""

    admission: Admission
    room: BodyMemory
    data: bytearray
    taken: int = 0

    def add(self, data: bytes) -> None:
        """Take in a part; 413 where the body becomes too large, 503 where there is no room."""
        limit = self.admission.limit
        if len(self.data) + len(data) > limit:
            raise ApiError(413, f"the body has more than {limit} bytes")
        more = max(len(self.data) + len(data) - SMALL, 0) - self.taken
        if more > 0:
            self.room.take(self.admission.holder, more)
            self.taken += more
        self.data += data

    def close(self) -> None:
        """Give back the room."""
        self.room.give(self.admission.holder, self.taken)
        self.taken = 0


def busy(why: str) -> ApiError:
    """Return the failure of a request that finds no room or no thread, with Retry-After."""
    return ApiError(503, f"{why}: try again", "busy", headers={"Retry-After": "1"})
