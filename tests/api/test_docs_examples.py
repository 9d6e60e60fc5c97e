"""Commands and Python blocks of README and docs run; after any of them the others still hold.

The blocks of a page run in their order, in one shell, against one server. Pages on the sample data
share a home made of a twelfth of its users; the others share the home that the tutorial makes.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import free_port, start
from conftest import key_of
from forked_commands import run_module
from night_world import student

from jobs.commands.demo import DAY, SAMPLE, shift_days, write_shifted
from recsys.settings import Settings
from recsys.text.encoders.static_vector_distillation import write_static

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/user-data.md", "docs/trends.md")
LISTS = ("/popular", "/trending", "/latest", "/recommend/a-stranger", "/topics/1/timeline")


def commands() -> list[str]:
    """Return the curl commands about the sample data, as a shell reads them."""
    found: list[str] = []
    for name in PAGES:
        whole = True
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if not whole:
                found[-1] += line.strip()
            elif line.strip().startswith("curl "):
                found.append(line.strip())
            else:
                continue
            whole = found[-1].count("'") % 2 == 0 and not found[-1].endswith("\\")
            found[-1] = found[-1].removesuffix("\\")
    return [re.sub(r"\s+#.*$", "", command) for command in found]


@pytest.fixture(scope="module")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home as `recsys demo` makes it, of some users and with a tiny encoder."""
    folder = tmp_path_factory.mktemp("readme")
    home = folder / "home"
    home.mkdir()
    write_static(home / "tiny", student())
    settings = Settings(home=home)
    days = shift_days(settings, SAMPLE / "events.csv.gz")
    write_shifted(SAMPLE / "events.csv.gz", folder / "all.csv", days * DAY)
    with (folder / "all.csv").open(newline="") as source:
        events = [
            row
            for row in csv.DictReader(source)
            if row["user_id"] == "12863" or int(row["user_id"]) % 12 == 8599 % 12
        ]
    pages = "".join(
        (ROOT / name).read_text(encoding="utf-8") for name in (*PAGES, "docs/parameters.md")
    )
    kept = {row["item_id"] for row in events} | set(re.findall(r"\b\d{7}\b", pages))
    with gzip.open(SAMPLE / "items.csv.gz", "rt", newline="") as source:
        items = [
            row
            for row in csv.DictReader(source)
            if row["item_id"] in kept or "Star Trek" in row["title"]
        ]
    for name, rows in (("items.csv", items), ("events.csv", events)):
        with (folder / name).open("w", newline="") as target:
            writer = csv.DictWriter(target, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    files = ("--items", str(folder / "items.csv"), "--events", str(folder / "events.csv"))
    call(home, "ingest", *files)
    call(home, "nightly")
    return home


def call(home: Path, *arguments: str) -> None:
    named = {"RECSYS_HOME": str(home), "RECSYS_ENCODER": str(home / "tiny")}
    env = {**os.environ, **named, "RECSYS_TUNE_MINUTES": "0.05"}
    done = run_module("jobs.cli", arguments, env)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def home(small_demo: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_demo, tmp_path / "home"))


def answer(command: str, url: str, key: str = "") -> dict[str, Any]:
    """Run a command against a server; its answer is good, and what it lists has a title.

    With a key, every command sends it, as docs/user-data.md says. A user whom an example has erased
    cannot be erased again.
    """
    command = command.replace("http://127.0.0.1:8000", url).replace("$KEY", key)
    if key and "Authorization" not in command:
        command += f" -H 'Authorization: Bearer {key}'"
    done = subprocess.run(
        f"{command} -s -w '\\n%{{http_code}}'", shell=True, capture_output=True, text=True
    )
    body, status = done.stdout.rsplit("\n", 1)
    good = ("2", "404") if "-X DELETE" in command else ("2",)
    assert status.startswith(good), (command, body)
    found: dict[str, Any] = json.loads(body)
    if "-d" not in command:
        for entry in found.get("items", ()):
            assert entry["item"].get("title"), (command, entry)
    return found


def listed(found: dict[str, Any]) -> bool:
    """Say whether an answer lists anything."""
    return any(found.get(name) for name in ("items", "trends", "points", "interests"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [None, 1])
def test_every_example_holds_after_every_other(home: Path, serve: Callable[..., Any], seed) -> None:
    examples = commands()
    assert len(examples) >= 7 and any("-d" in one for one in examples)
    if seed is not None:
        random.Random(seed).shuffle(examples)
    server, key = serve(), ""
    if seed is None:
        examples = [one for one in examples if "$KEY" not in one]
    else:  # from the first key on, every caller sends one
        key = key_of(f"sqlite:///{server.home / 'store.db'}")
    lists = [f"curl 'http://127.0.0.1:8000{path}'" for path in LISTS]
    before = {one: listed(answer(one, server.url, key)) for one in lists}
    assert all(before.values())
    reading = [one for one in examples if "-d" not in one and "-X" not in one]
    before |= {one: listed(answer(one, server.url, key)) for one in reading}
    for command in [*examples, *examples, *lists]:
        found = answer(command, server.url, key)
        assert command not in before or listed(found) == before[command], command


SAMPLE_PAGES = (
    "README.md#Requests",
    "README.zh.md#请求示例",
    "docs/settings.md",
    "docs/user-data.md",
    "docs/trends.md",
    "docs/watches.md",
    "docs/experiments.md",
    "docs/fairness.md",
    "docs/parameters.md",
    "docs/access.md",
    "docs/how-to/gorse.md",
    "docs/how-to/score-term.md",
    "docs/how-to/engine.md",
)
FEED_PAGES = (
    "docs/how-to/event-kind.md",
    "docs/how-to/language.md",
    "docs/how-to/tune.md",
    "docs/backup.md",
    "docs/help.md",
    "docs/dialogue.md",
    "docs/writing.md",
)
LONG_PAGES = ("docs/evaluate.md",)
ELSEWHERE = {  # pages whose blocks are not run, and what is done instead
    "docs/notices.md": "needs receivers, as in tests/delivery",
    "docs/streams.md": "needs a broker and folders that grow, as in tests/streams",
    "docs/language-model.md": "needs a model; tests/language_model has servers that answer",
    "docs/console.md": "needs a browser; tests/api/test_console_pages.py opens the pages",
    "docs/deploy": "needs root, systemd and containers; tests/test_deploy.py reads the files",
    "RESULTS.md": "data sets that may not be shipped; tests/test_commands_in_docs.py reads options",
    "docs/notes": "reports past figures",
    "docs/python.md": "tests of the Python API run it",
    "docs/reference": "generated",
    "DESIGN.md": "has none",
    "CHANGELOG.md": "has none",
}
# Commands that change the environment of the tests themselves, or are these tests.
SKIPPED = re.compile(r"(?:make (?:\w+)\b|(?:\S*/)?pip install |python3 -m venv ).*")
SHELL = re.compile(
    r"(?:[A-Z_]+=\S+ +)*(?:recsys|curl|make|pip|python3?|export|cat|sudo|docker|journalctl)\b"
)


@dataclass(frozen=True)
class Block:
    """A block of code of a page."""

    language: str  # sh, python or another; an indented block of commands is sh
    text: str


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page, or of its section after a #."""
    name, _, section = page.partition("#")
    text = (ROOT / name).read_text(encoding="utf-8")
    if section:
        text = text.split(f"\n## {section}\n")[1].split("\n## ")[0]
    found: list[Block] = []
    for part in re.split(r"(?ms)^(```.*?^```)$", text):
        if part.startswith("```"):
            head, _, rest = part.partition("\n")
            found.append(Block(head.strip("`{} "), rest.removesuffix("```")))
            continue
        for indented in re.findall(r"(?m)(?:^    .*\n)+", part):
            lines = "".join(line[4:] for line in indented.splitlines(keepends=True))
            if SHELL.match(lines):
                found.append(Block("sh", lines))
    return found


def shell_of(page: str) -> str:
    """Return the commands of a page as one script, without those that are skipped."""
    script = "\n".join(one.text for one in blocks(page) if one.language == "sh")
    return "\n".join(line for line in script.splitlines() if not SKIPPED.fullmatch(line))


class Reader:
    """Runs blocks as somebody does who reads a page: in one folder, against one server."""

    def __init__(self, folder: Path, url: str, **settings: str) -> None:
        self.folder, self.url, self.settings = folder, url, settings
        self.groups: list[int] = []
        (folder / "data").symlink_to(ROOT / "data")

    def shell(self, script: str) -> str:
        """Run a script; return what it printed. A failing command or request fails the test."""
        head = (
            "set -euo pipefail\n"
            "curl() { command curl -sS --retry 20 --retry-connrefused --retry-delay 1"
            ' --fail-with-body "$@"; echo; }\n'
        )
        for old, new in (("http://127.0.0.1:8000", self.url), ("/srv/", f"{self.folder}/srv/")):
            script = script.replace(old, new)
        output = self.folder / "output"
        with output.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-c", head + script],
                cwd=self.folder,
                env={
                    **os.environ,
                    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                    **self.settings,
                },
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.groups.append(process.pid)
        assert process.wait(timeout=1500) == 0, output.read_text(errors="replace")[-4000:]
        return output.read_text(errors="replace")

    def python(self, text: str) -> None:
        """Run a block of Python against the server."""
        text = re.sub(r"http://[\w.]+:80\d\d", self.url, text)
        if '-key"' in text:
            key = key_of(f"sqlite:///{self.settings['RECSYS_HOME']}/store.db")
            text = re.sub(r'"(?:old|new)-key"', f'"{key}"', text)
        done = subprocess.run(
            [sys.executable, "-c", text], cwd=self.folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    def close(self) -> None:
        """End what the scripts left running: the servers that they started."""
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGTERM)
            except ProcessLookupError:
                continue


@pytest.fixture(scope="module")
def on_sample(small_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A user with a server over the sample data."""
    folder = tmp_path_factory.mktemp("sample")
    home = Path(shutil.copytree(small_demo, folder / "home"))
    server = start(home, RECSYS_AUTH="off")
    reader = Reader(folder, server.url, RECSYS_HOME=str(home), RECSYS_ENCODER=str(home / "tiny"))
    yield reader
    reader.close()
    server.stop()


@pytest.fixture(scope="module")
def on_feed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A user who has done the tutorial, with the server that it started."""
    folder, port = tmp_path_factory.mktemp("feed"), free_port()
    reader = Reader(
        folder,
        f"http://127.0.0.1:{port}",
        RECSYS_PORT=str(port),
        RECSYS_AUTH="off",
    )
    try:
        reader.shell(shell_of("docs/tutorial.md"))
        reader.settings["RECSYS_HOME"] = str(folder / "my-feed")
        english = "text,label\n" + "so good,positive\nso bad,negative\nso so,neutral\n" * 20
        chinese = "text,label\n" + "味道很好，推荐,positive\n太差了，别买,negative\n" * 30
        for name, text in (("labels", english), ("english", english), ("chinese", chinese)):
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        (folder / "test.csv").write_text("text\none that is not among the others at all\n")
        (folder / "words.csv").write_text("language,term,valence\nes,bueno,3\nes,malo,-3\n")
        (folder / "srv" / "help").mkdir(parents=True)
        (folder / "srv" / "help" / "account.md").write_text("# Change my password\nOpen it.\n")
        yield reader
    finally:
        reader.close()


def test_the_tutorial_ends_as_it_says(on_feed: Reader) -> None:
    with httpx.Client(base_url=on_feed.url, timeout=20.0) as client:
        listed = client.get("/recommend/ann").json()["items"]
        found = client.get("/search", params={"q": "bread"}).json()["items"]
    assert listed and "p2" not in [entry["item_id"] for entry in listed]
    assert "p7" in [entry["item_id"] for entry in found[:6]]


@pytest.mark.parametrize("page", FEED_PAGES)
def test_pages_after_the_tutorial(on_feed: Reader, page: str) -> None:
    assert on_feed.shell(shell_of(page))


@pytest.mark.parametrize("page", SAMPLE_PAGES)
def test_pages_on_the_sample(on_sample: Reader, page: str) -> None:
    if script := shell_of(page):
        assert on_sample.shell(script)
    for block in blocks(page):
        if block.language == "python":
            on_sample.python(block.text)


def test_own_data_of_the_readme(on_feed: Reader, tmp_path: Path) -> None:
    for name in ("items.csv", "events.csv"):
        shutil.copy(on_feed.folder / f"my-{name}", tmp_path / name)
    subprocess.run(["gzip", "events.csv"], cwd=tmp_path, check=True)
    script, port = shell_of("README.md#Own data"), free_port()
    serving = "recsys serve --host 0.0.0.0 --workers 2"
    assert script.endswith(serving)
    script = script.replace(serving, "recsys serve --workers 2 &\ncurl $URL/health/ready\nkill %1")
    url = f"http://127.0.0.1:{port}"
    settings = {**on_feed.settings, "RECSYS_HOME": str(tmp_path / "home"), "URL": url}
    reader = Reader(tmp_path, url, **{**settings, "RECSYS_PORT": str(port)})
    try:
        assert '"status":"ready"' in reader.shell(script).replace(" ", "")
    finally:
        reader.close()


def test_the_chinese_readme_has_the_same_commands() -> None:
    english, chinese = (shell_lines(name) for name in ("README.md", "README.zh.md"))
    assert english == chinese and len(english) > 12


def shell_lines(name: str) -> list[str]:
    """Return the lines of all commands of a page, without comments and the language of reasons."""
    text = "".join(one.text for one in blocks(name) if one.language == "sh")
    text = re.sub(r"[?&]lang=zh", "", text)
    return [re.sub(r"\s+#.*", "", line) for line in text.splitlines()]


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("page", LONG_PAGES)
def test_long_pages(on_feed: Reader, page: str) -> None:
    assert on_feed.shell(shell_of(page))


def test_every_block_is_run_or_has_a_reason() -> None:
    run = {page.partition("#")[0] for page in (*SAMPLE_PAGES, *FEED_PAGES, *LONG_PAGES)}
    run |= {"docs/tutorial.md"}
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "data" / "README.md"]
    for path in pages:
        name = str(path.relative_to(ROOT))
        if name not in run and not name.startswith(tuple(ELSEWHERE)):
            left = [one for one in blocks(name) if one.language in ("sh", "python")]
            assert not "".join(shell_of(name).split()), name
            assert all(one.language == "sh" for one in left), name


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        text = path.read_text(encoding="utf-8")
        named = re.findall(r"(?m)(?:^    |`)make ([a-z-]+)", text)
        assert set(named) <= targets, path.name
