"""Opening of input files: their format by name, gzip with a limit, encoding by the first bytes."""

from __future__ import annotations

import codecs
import functools
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from recsys.errors import DataError

TABLES = (".csv", ".tsv", ".txt")
LINES = (".jsonl", ".ndjson")
FORMATS = (*TABLES, *LINES, ".json", ".parquet")
FREE_UNPACKED = 100_000_000  # bytes that a small .gz may unpack to, whatever the ratio
COMMON_SIGNS = 0.9  # share of signs of GB 2312 in text that is taken for GB 18030
FEW, MANY = 0.2, 0.95  # shares of signs of one script by which it is recognized
HEAD = 1 << 20  # bytes by which the encoding is found
MAX_CELL = 16_000_000  # characters; csv's own limit, 131,072, is less than a long article
MAX_LINE = 4 * MAX_CELL  # characters
MAX_WHOLE = 2_000_000_000  # bytes of a file that is read at once: .json, .parquet.gz
MAX_RATIO = 200  # bytes for each packed one; gzip reaches some 1,030, files of records 3 to 50


def check_file(path: Path) -> str:
    """Return the format of a file that is there and not empty; DataError else."""
    kind = format_of(path)
    with translated(path):
        if not path.exists():
            raise DataError(f"{path}: there is no such file")
        if path.is_dir():
            raise DataError(f"{path}: is a folder, not a file")
        if path.stat().st_size == 0:
            raise DataError(f"{path}: the file is empty")
    return kind


def format_of(path: Path) -> str:
    """Return the extension that says the format, in lower case.

    Text under another name (`.dat`, `.inter`, none) is ".jsonl" if it begins with a brace, ".json"
    if with a bracket, else ".csv". DataError for what is no text.
    """
    plain = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    ending = plain.suffix.lower()
    if ending in FORMATS or not path.is_file():
        return ending
    with translated(path), opened(path) as stream:
        head = stream.peek(HEAD)
    way = ": save the sheet as CSV" if ending in (".xls", ".xlsx", ".ods", ".numbers") else ""
    if way or _is_binary(head):
        known = ", ".join(FORMATS)
        raise DataError(
            f"{path}: unknown extension {plain.suffix!r}: {known} are known, or + .gz{way}"
        )
    check_content(head, path)
    begins = head.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    return {b"{": ".jsonl", b"[": ".json"}.get(begins, ".csv")


def _is_binary(head: bytes) -> bool:
    """Whether bytes are no text, by signs of control that no text holds."""
    text = head[:1024].decode(encoding_of(head), "replace")
    return any(sign < " " and sign not in "\t\n\v\f\r\x1f" for sign in text)


def opened(path: Path) -> io.BufferedReader[Any]:
    """Return the bytes of a file, unpacked where its name ends with .gz."""
    if path.suffix.lower() == ".gz":
        return io.BufferedReader(_Unpacked(path), HEAD)
    return io.BufferedReader(io.FileIO(path), HEAD)


class _Unpacked(io.RawIOBase):
    """The bytes in a gzip file; DataError once it unpacks to far more than records ever do."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._packed = path.stat().st_size
        self._file = gzip.open(path, "rb")  # noqa: SIM115
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self._file.read(len(buffer))
        buffer[: len(found)] = found
        self._read += len(found)
        if self._read > max(FREE_UNPACKED, MAX_RATIO * self._packed):
            raise DataError(
                f"{self._path}: unpacks to more than {MAX_RATIO} times its {self._packed:,} bytes, "
                "as no file of records does; unpack it yourself if it is one"
            )
        return len(found)

    def close(self) -> None:
        self._file.close()
        super().close()


def lines_of(text: IO[str]) -> Iterator[str]:
    """Return the lines of a text; one of more than MAX_LINE comes in parts, which are rejected."""
    return iter(functools.partial(text.readline, MAX_LINE), "")


def check_content(head: bytes, path: Path) -> None:
    """Refuse what is no text, whatever its name says."""
    for start, words in (
        (b"PK\x03\x04", "a spreadsheet or a zip archive: save the sheet as CSV, or unpack it"),
        (b"\xd0\xcf\x11\xe0", "a spreadsheet: save the sheet as CSV"),
        (b"PAR1", "a Parquet file: its name must end with .parquet"),
        (b"\x1f\x8b", "packed with gzip: its name must end with .gz"),
        (b"%PDF", "a PDF document"),
    ):
        if head.startswith(start):
            raise DataError(f"{path}: is {words}")


def encoding_of(head: bytes) -> str:
    """Return the encoding that the first bytes show: UTF-8, UTF-16 or GB 18030.

    GB 18030, which covers GBK and GB 2312, is what spreadsheets save as CSV on Chinese Windows.
    Bytes that are no UTF-8 are taken for it where nine in ten of the signs that they make are
    common ones, those of GB 2312; letters of Western Europe make rare ones or none.
    """
    for mark in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        if head.startswith(mark):
            return "utf-32"
    for mark, name in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if head.startswith(mark):
            return name
    start = head[:256]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) * 4 > len(start):  # letters of a header have one zero byte each
        return "utf-16-le" if odd > even else "utf-16-be"
    if _decoded(head, "utf-8") is None and (text := _decoded(head, "gb18030")):
        signs = "".join(sign for sign in text if not sign.isascii())
        if _korean_or_japanese(head, signs):
            return "utf-8-sig"
        common = len(signs) - signs.encode("gb2312", "replace").count(b"?")
        if common >= COMMON_SIGNS * len(signs):
            return "gb18030"
    return "utf-8-sig"


def _korean_or_japanese(head: bytes, signs: str) -> bool:
    """Whether bytes that can be read as GB 18030 are rather EUC-KR or EUC-JP.

    In EUC-KR nearly all signs are Hangul, whose first bytes are B0 to C8: of Chinese text a third
    begins beyond these. Kana stand at the same places in EUC-JP and GB 18030.
    """
    kana = sum("\u3040" <= sign <= "\u30ff" for sign in signs)
    korean = _decoded(head, "cp949") or ""
    foreign = [sign for sign in korean if not sign.isascii()]
    hangul = sum("\uac00" <= sign <= "\ud7a3" for sign in foreign)
    return kana > FEW * len(signs) or bool(foreign) and hangul >= MANY * len(foreign)


def _decoded(head: bytes, encoding: str) -> str | None:
    """Return the text of the first bytes of a file, the last sign perhaps cut; None: no text."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return None


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise DataError with the path for gzip, decoding and system errors inside the block."""
    try:
        yield
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(f"{path}: is not a whole gzip file ({error})") from error
    except UnicodeError as error:
        raise DataError(f"{path}: cannot be decoded ({error})") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
