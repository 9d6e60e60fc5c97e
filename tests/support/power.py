"""Power loss: what SQLite writes and syncs, recorded, and files as a power cut leaves them.

A VFS of SQLite sits between the library that the store uses and the file system. It records each
write, truncation, deletion and sync. A power cut keeps of a file all that was written before its
last sync, and of what came after any of the sectors, or none.

python tests/support/power.py HOME LOG SYNCHRONOUS: fills a store and records what happens.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import pickle
import random
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import event as sqlalchemy_event

from recsys.data.records import Event, Item
from recsys.store.erasure import erase
from recsys.store.store import Store

SECTOR = 512
BATCHES, EACH = 60, 12

_POINTER, _INT, _LONG = ctypes.c_void_p, ctypes.c_int, ctypes.c_longlong


class Operation(NamedTuple):
    """One thing that happened, in the order of time."""

    kind: str  # write, truncate, delete, sync; acknowledged: a number of a batch
    file: str = ""
    offset: int = 0  # of a write; size of a truncation; number of a batch
    data: bytes = b""


class _Vfs(ctypes.Structure):
    _fields_ = [
        ("iVersion", _INT),
        ("szOsFile", _INT),
        ("mxPathname", _INT),
        ("pNext", _POINTER),
        ("zName", ctypes.c_char_p),
        ("pAppData", _POINTER),
        ("xOpen", _POINTER),
        ("xDelete", _POINTER),
        *[(f"other{n}", _POINTER) for n in range(14)],
    ]


class _Methods(ctypes.Structure):
    _fields_ = [
        ("iVersion", _INT),
        ("xClose", _POINTER),
        ("xRead", _POINTER),
        ("xWrite", _POINTER),
        ("xTruncate", _POINTER),
        ("xSync", _POINTER),
        *[(f"other{n}", _POINTER) for n in range(13)],
    ]


# the name by its address: a library keeps it as long as the file is open, a copy would be freed
_OPEN = ctypes.CFUNCTYPE(
    _INT, _POINTER, _POINTER, ctypes.POINTER(_POINTER), _INT, ctypes.POINTER(_INT)
)
_DELETE = ctypes.CFUNCTYPE(_INT, _POINTER, ctypes.c_char_p, _INT)
_WRITE = ctypes.CFUNCTYPE(_INT, ctypes.POINTER(_POINTER), _POINTER, _INT, _LONG)
_TRUNCATE = ctypes.CFUNCTYPE(_INT, ctypes.POINTER(_POINTER), _LONG)
_SYNC = ctypes.CFUNCTYPE(_INT, ctypes.POINTER(_POINTER), _INT)


class Recorder:
    """Records what the SQLite library of this process does to files, from its creation on."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self._lock = threading.Lock()
        self._names: dict[int, str] = {}
        self._methods: dict[int, _Methods] = {}  # ours, by the address of the library's
        self._kept: list[Any] = []
        library = ctypes.CDLL(_sqlite3.__file__)  # finds the library that the module is linked to
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        self._plain = library.sqlite3_vfs_find(None)
        own = _Vfs.from_buffer_copy(self._plain.contents)
        own.zName, own.pNext = b"recorded", None
        self._open = _OPEN(self._plain.contents.xOpen)
        self._delete = _DELETE(self._plain.contents.xDelete)
        own.xOpen = self._function(_OPEN, self._opened)
        own.xDelete = self._function(_DELETE, self._deleted)
        self._kept.append(own)
        library.sqlite3_vfs_register(ctypes.byref(own), 1)

    def note(self, kind: str, file: str = "", offset: int = 0, data: bytes = b"") -> None:
        """Add an operation."""
        with self._lock:
            self.operations.append(Operation(kind, file, offset, data))

    def _function(self, kind: Any, function: Any) -> int | None:
        made = kind(function)
        self._kept.append(made)
        return ctypes.cast(made, _POINTER).value

    def _opened(self, _: Any, name: int | None, file: Any, flags: int, out: Any) -> int:
        status = self._open(ctypes.cast(self._plain, _POINTER), name, file, flags, out)
        address = file[0]
        if status == 0 and name and address:
            path = ctypes.string_at(name).decode()
            self._names[ctypes.addressof(file.contents)] = Path(path).name
            if address not in self._methods:
                self._methods[address] = self._recorded(address)
            file[0] = ctypes.addressof(self._methods[address])
        return int(status)

    def _deleted(self, _: Any, name: bytes, directory: int) -> int:
        self.note("delete", Path(name.decode()).name)
        return int(self._delete(ctypes.cast(self._plain, _POINTER), name, directory))

    def _recorded(self, address: int) -> _Methods:
        own = _Methods.from_buffer_copy(_Methods.from_address(address))
        write, truncate, sync = _WRITE(own.xWrite), _TRUNCATE(own.xTruncate), _SYNC(own.xSync)

        def named(file: Any) -> str:
            return self._names[ctypes.addressof(file.contents)]

        def written(file: Any, data: int, size: int, offset: int) -> int:
            self.note("write", named(file), offset, ctypes.string_at(data, size))
            return int(write(file, data, size, offset))

        def truncated(file: Any, size: int) -> int:
            self.note("truncate", named(file), size)
            return int(truncate(file, size))

        def synced(file: Any, flags: int) -> int:
            status = int(sync(file, flags))
            self.note("sync", named(file))
            return status

        own.xWrite = self._function(_WRITE, written)
        own.xTruncate = self._function(_TRUNCATE, truncated)
        own.xSync = self._function(_SYNC, synced)
        return own


def left_over(
    operations: Iterable[Operation], rng: random.Random | None = None
) -> dict[str, bytes]:
    """Return files as a power cut after some operations leaves them.

    Without `rng` all that was not synced is lost; with it, each sector of it by itself, or not.
    """
    files: dict[str, bytearray] = {}
    loose: dict[str, list[Operation]] = {}  # what no sync has made sure of
    for one in operations:
        if one.kind == "sync":
            content = files.setdefault(one.file, bytearray())
            for earlier in loose.pop(one.file, []):
                _apply(content, earlier)
        elif one.kind == "delete":
            files.pop(one.file, None)
            loose.pop(one.file, None)
        elif one.kind in ("write", "truncate"):
            loose.setdefault(one.file, []).append(one)
    if rng is not None:
        for name, rest in loose.items():
            content = files.setdefault(name, bytearray())
            share = rng.random()
            for one in rest:
                for part in _sectors(one):
                    if rng.random() < share:
                        _apply(content, part)
    return {name: bytes(content) for name, content in files.items()}


def _sectors(one: Operation) -> Iterable[Operation]:
    if one.kind == "truncate":
        return [one]
    starts = range(0, len(one.data), SECTOR)
    return [
        one._replace(offset=one.offset + start, data=one.data[start : start + SECTOR])
        for start in starts
    ]


def _apply(content: bytearray, one: Operation) -> None:
    if one.kind == "truncate":
        del content[one.offset :]
        return
    missing = one.offset + len(one.data) - len(content)
    if missing > 0:
        content.extend(bytes(missing))
    content[one.offset : one.offset + len(one.data)] = one.data


def batch(number: int) -> list[Event]:
    """Return the events of a batch: those of different batches are different."""
    return [
        Event(f"u{number % 7}", f"i{n}", "view", timestamp=1.7e9 + 1_000 * number + n)
        for n in range(EACH)
    ]


def fill(home: Path, log: Path, synchronous: str) -> None:
    """Fill a store from three threads, erase somebody, empty the log, and record all of it."""
    recorder = Recorder()
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:

        @sqlalchemy_event.listens_for(store.db.engine, "checkout")
        def _(connection: Any, *__: Any) -> None:
            connection.execute(f"PRAGMA synchronous = {synchronous}")
            connection.execute("PRAGMA wal_autocheckpoint = 60")

        store.add_items(Item(f"i{n}", title=f"title {n}") for n in range(EACH))

        def send(first: int) -> None:
            for number in range(first, BATCHES, 3):
                store.add_events(batch(number))
                recorder.note("acknowledged", offset=number)

        threads = [threading.Thread(target=send, args=(first,)) for first in range(3)]
        for thread in threads:
            thread.start()
        store.add_events([Event("leaver", "i1", "like")])
        erase(store, home, "leaver")
        for thread in threads:
            thread.join()
        store.add_items([Item("last", title="the last one")])
    log.write_bytes(pickle.dumps([tuple(one) for one in recorder.operations]))


if __name__ == "__main__":
    fill(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
