"""Files of the help texts in a home: passages, terms and arrays, written aside and renamed.

<home>/help/current            name of the folder in use
<home>/help/help-<sha>/        manifest.json, passages.jsonl, terms.json, *.npy
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.errors import DataError
from recsys.help.passage import Passage
from recsys.help.passage_index import build_index
from recsys.text.encoders.student import Student

FORMAT = 1
CURRENT, MANIFEST, PASSAGES, TERMS = "current", "manifest.json", "passages.jsonl", "terms.json"
WAY_OUT = "run `recsys help ingest` again"


def help_folder(home: Path) -> Path:
    """Return the folder of a home that holds help texts."""
    return home / "help"


def write_help(home: Path, passages: Sequence[Passage], student: Student) -> Path:
    """Write passages with their index and put them into use; return their folder.

    Those in use before are removed.
    """
    parent = help_folder(home)
    parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".help-", suffix=".part", dir=parent))
    try:
        lines = [json.dumps(asdict(one), ensure_ascii=False).encode() + b"\n" for one in passages]
        (aside / PASSAGES).write_bytes(b"".join(lines))
        terms, arrays = build_index(
            [one.title for one in passages], [one.text for one in passages], student
        )
        arrays["line_ends"] = np.cumsum([len(line) for line in lines], dtype=np.int64)
        (aside / TERMS).write_text(json.dumps(terms, ensure_ascii=False), "utf-8")
        for name, array in arrays.items():
            np.save(aside / f"{name}.npy", array, allow_pickle=False)
        files = {file.name: _sha256(file) for file in sorted(aside.iterdir())}
        manifest = {"format": FORMAT, "passages": len(passages), "encoder": student.name}
        text = json.dumps(manifest | {"files": files}, indent=1)
        (aside / MANIFEST).write_text(text, "utf-8")
        folder = parent / f"help-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    pointer = parent / f".{CURRENT}.part"
    pointer.write_text(folder.name, "utf-8")
    os.replace(pointer, parent / CURRENT)
    for old in parent.glob("help-*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)
    return folder


def remove_help(home: Path) -> bool:
    """Remove the help texts of a home; return whether there were any."""
    folder = help_folder(home)
    found = (folder / CURRENT).exists()
    shutil.rmtree(folder, ignore_errors=True)
    return found


def current_folder(home: Path) -> Path | None:
    """Return the folder of the help texts in use, None without any."""
    try:
        name = (help_folder(home) / CURRENT).read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError) as error:
        raise DataError(f"{help_folder(home) / CURRENT}: {error}; {WAY_OUT}") from error
    return help_folder(home) / Path(name).name


def read_help(folder: Path) -> tuple[list[str], dict[str, NDArray[Any]]]:
    """Return terms and arrays, memory-mapped; DataError where files are missing or damaged."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        if manifest["format"] != FORMAT:
            raise DataError(f"{folder}: written in format {manifest['format']}; {WAY_OUT}")
        for name, digest in manifest["files"].items():
            if _sha256(folder / Path(name).name) != digest:
                raise DataError(f"{folder / name}: is not as it was written; {WAY_OUT}")
        arrays = {
            path.stem: np.load(path, mmap_mode="r", allow_pickle=False)
            for path in sorted(folder.glob("*.npy"))
        }
        terms = json.loads((folder / TERMS).read_text("utf-8"))
        return terms, arrays
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder}: holds no help texts ({error}); {WAY_OUT}") from error


def read_passage(folder: Path, line_ends: NDArray[Any], number: int) -> Passage:
    """Return a passage by its number; only its line is read."""
    start = int(line_ends[number - 1]) if number else 0
    with (folder / PASSAGES).open("rb") as file:
        file.seek(start)
        return Passage(**json.loads(file.read(int(line_ends[number]) - start)))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
