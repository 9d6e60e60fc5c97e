"""Passages from a folder of help texts: Markdown, HTML, and CSV of questions and answers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from recsys.data.file_opening import HEAD, check_content, encoding_of, translated
from recsys.errors import DataError
from recsys.help.markup_sections import Section, html_sections, markdown_sections
from recsys.help.passage import Passage
from recsys.text.clean import without_markup
from recsys.text.language.detect import detect

MARKDOWN, HTML, TABLES = (".md", ".markdown"), (".html", ".htm", ".xhtml"), (".csv", ".tsv")
ENDINGS = (*MARKDOWN, *HTML, *TABLES)
_OTHER_TEXTS = tuple(".txt .rst .adoc .org .pdf .doc .docx .odt .rtf .xls .xlsx .json .xml".split())
MOST_FILES = 20_000
MOST_PASSAGES = 100_000
MOST_BYTES = 4_000_000  # of one file
LONGEST = 1_200  # characters of a passage; longer sections are divided at paragraphs
LONGEST_TITLE = 300
_QUESTION = ("question", "q", "title", "问题", "标题", "frage")
_ANSWER = ("answer", "a", "text", "答案", "回答", "antwort")
_LINK = ("link", "url", "href", "链接")


@dataclass(slots=True)
class HelpFolder:
    """What was read from a folder."""

    passages: list[Passage] = field(default_factory=list)
    files: int = 0  # files of which passages were read
    skipped: list[str] = field(default_factory=list)  # a sentence per file that was not read


def read_help_folder(folder: Path) -> HelpFolder:
    """Return the passages of all help texts below a folder, in the order of their paths.

    Hidden files and links to other folders are left out. A file that cannot be read is skipped,
    with a sentence why. DataError where there is no folder, no help text, or too much of it.
    """
    if not folder.is_dir():
        kind = "is a file, not a folder" if folder.exists() else "there is no such folder"
        raise DataError(f"{folder}: {kind}; name the folder that holds the help texts")
    found = HelpFolder()
    paths = list(_files(folder))
    if not paths:
        raise DataError(f"{folder}: holds no help text; files must end with {', '.join(ENDINGS)}")
    if len(paths) > MOST_FILES:
        raise DataError(f"{folder}: holds {len(paths):,} files, at most {MOST_FILES:,} are read")
    for path in paths:
        try:
            passages = _passages(path, path.relative_to(folder).as_posix())
        except DataError as error:
            found.skipped.append(str(error))
            continue
        found.files += bool(passages)
        found.passages += passages
        if not passages:
            found.skipped.append(f"{path}: holds no text")
        if len(found.passages) > MOST_PASSAGES:
            raise DataError(
                f"{folder}: holds more than {MOST_PASSAGES:,} passages, the most there may be;"
                f" {path} is where the limit was reached"
            )
    found.skipped += [
        f"{path}: has another ending than {', '.join(ENDINGS)}"
        for path in _shown_files(folder)
        if path.suffix.lower() in _OTHER_TEXTS
    ]
    if not found.passages:
        raise DataError(f"{folder}: no passage could be read; {found.skipped[0]}")
    return found


def _files(folder: Path) -> Iterator[Path]:
    for path in _shown_files(folder):
        if path.suffix.lower() in ENDINGS and path.resolve().is_relative_to(folder.resolve()):
            yield path


def _shown_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file():
            yield path


def _passages(path: Path, name: str) -> list[Passage]:
    text, ending = _decoded(path), path.suffix.lower()
    if ending in TABLES:
        return list(_rows(text, path, name))
    if ending in HTML:
        title, sections = html_sections(text)
    else:
        title, sections = "", markdown_sections(text)
    named = title or next((one.title for one in sections if one.title), "") or path.stem
    return list(_divided(sections, named, quote(name)))


def _decoded(path: Path) -> str:
    with translated(path):
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise DataError(f"{path}: has {size:,} bytes, at most {MOST_BYTES:,} are read")
        data = path.read_bytes()
        check_content(data[:HEAD], path)
        text = data.decode(encoding_of(data[:HEAD]))
    if text.count("\0"):
        raise DataError(f"{path}: is no text")
    return text


def _divided(sections: list[Section], document: str, link: str) -> Iterator[Passage]:
    for one in sections:
        text = one.text
        if not text:
            continue
        title = one.title or document
        if one.title and one.title != document:
            title = one.title if len(one.title.split()) > 3 else f"{document}: {one.title}"
        anchor = f"#{quote(one.anchor)}" if one.anchor else ""
        for part in _parts(text):
            yield _passage(title, part, link + anchor)


def _parts(text: str) -> Iterator[str]:
    """Yield a text in parts of at most LONGEST characters, cut between lines where it can be."""
    part = ""
    for line in text.split("\n"):
        while len(line) > LONGEST:
            cut = max(line.rfind(sign, LONGEST // 2, LONGEST) for sign in ". 。！？!?；; ")
            cut = cut + 1 if cut > 0 else LONGEST
            if part:
                yield part
                part = ""
            yield line[:cut].rstrip()
            line = line[cut:].lstrip()
        if part and len(part) + len(line) >= LONGEST:
            yield part
            part = ""
        part = f"{part}\n{line}" if part else line
    if part:
        yield part


def _rows(text: str, path: Path, name: str) -> Iterator[Passage]:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(text)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter, strict=False)
    try:
        header = [cell.strip().casefold() for cell in next(rows, [])]
        places = [
            next((header.index(one) for one in names if one in header), -1)
            for names in (_QUESTION, _ANSWER, _LINK)
        ]
        question, answer, link = places
        if question < 0 or answer < 0:
            raise DataError(
                f"{path}: the first line must name the columns question and answer"
                f" (and link), not {', '.join(header)[:200]!r}"
            )
        for cells in rows:
            if len(cells) <= max(question, answer):
                continue
            title = without_markup(cells[question])
            body = "\n".join(map(without_markup, cells[answer].split("\n")))
            if title and body.strip():
                given = cells[link].strip() if 0 <= link < len(cells) else ""
                own = given if given.startswith(("https://", "http://", "/")) else ""
                for part in _parts("\n".join(filter(None, body.split("\n")))):
                    yield _passage(title, part, own or quote(name))
    except csv.Error as error:
        raise DataError(f"{path}: line {rows.line_num}: {error}") from error


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _passage(title: str, text: str, link: str) -> Passage:
    language = detect(f"{title}. {text}").code
    return Passage(without_markup(title)[:LONGEST_TITLE], text, link, language)
