"""GroupCommit: one transaction shared by concurrent writers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from recsys.errors import StoreBusy

T = TypeVar("T")
R = TypeVar("R")


class _Ticket(Generic[T, R]):
    def __init__(self, value: T) -> None:
        self.value = value
        self.result: R | None = None
        self.error: Exception | None = None
        self.done = False


class GroupCommit(Generic[T, R]):
    """Hands what threads bring to one of them, who writes all of it while the others wait.

    A commit waits for the disk, most of its time; so the more write at once, the more is written.
    When a caller returns, its part is on the disk.
    """

    def __init__(self, write: Callable[[Sequence[T]], Sequence[R]]) -> None:
        self._write = write  # all or nothing; one result per value, in order
        self._turn = threading.Lock()
        self._waiting: list[_Ticket[T, R]] = []
        self._guard = threading.Lock()

    def add(self, value: T) -> R:
        """Return what came of a value once it is written; raises what its writing raised."""
        ticket: _Ticket[T, R] = _Ticket(value)
        with self._guard:
            self._waiting.append(ticket)
        with self._turn:
            if not ticket.done:
                with self._guard:
                    together, self._waiting = self._waiting, []
                self._serve(together)
        if ticket.error is not None:
            raise ticket.error
        assert ticket.result is not None
        return ticket.result

    def _serve(self, together: Sequence[_Ticket[T, R]]) -> None:
        try:
            results = self._write([ticket.value for ticket in together])
        except Exception as error:
            if isinstance(error, StoreBusy):  # nobody is at fault, and nobody should wait once more
                for ticket in together:
                    ticket.error, ticket.done = error, True
                return
            if len(together) > 1:  # one of them may be at fault: each for himself
                for ticket in together:
                    self._serve([ticket])
                return
            together[0].error, together[0].done = error, True
            return
        for ticket, result in zip(together, results, strict=True):
            ticket.result, ticket.done = result, True
