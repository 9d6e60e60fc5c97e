"""Help texts: files as people have them, and what is found in them."""

import json

import pytest
from click.testing import CliRunner

from jobs.cli import cli
from recsys.errors import DataError
from recsys.help.help_document_loader import LONGEST, read_help_folder
from recsys.help.help_index_storage import help_folder, write_help
from recsys.help.passage import Passage
from recsys.help.question_answering import HelpTexts, find_passages, shared_vectors

MARKDOWN = """---
layout: page
---
# Account

How accounts work.

## How do I change my password?

Open *Settings*, then [Security](https://example.org/s). Choose a new **password**.

```sh
# not a heading
passwd
```

## Delete the account

Write to us. It takes 30 days.
"""
HTML = """<html><head><title>Shop &amp; shipping</title><style>p {color: red}</style>
<script>alert("stolen")</script></head><body><nav>Menu</nav>
<h2 id=fees>What does shipping cost?</h2><p>Shipping costs 5 euros<br>in Europe.
<script>document.write("hacked")</script><p>Free from 50 euros.<footer>Imprint</footer>"""
ANSWERS = "问题,答案\n怎么退货？,七天内可以退货。\n怎么联系客服？,请拨打客服电话。\n"


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "help"
    (found / "shop").mkdir(parents=True)
    (found / ".git").mkdir()
    (found / "account.md").write_text(MARKDOWN)
    (found / "shop" / "costs.html").write_text(HTML)
    (found / "问答.csv").write_bytes(ANSWERS.encode("gb18030"))
    (found / ".git" / "hidden.md").write_text("# Hidden\n\nsecret")
    (found / "picture.png").write_bytes(b"\x89PNG")
    return found


@pytest.fixture
def texts(folder, tmp_path):
    write_help(tmp_path / "home", read_help_folder(folder).passages, shared_vectors())
    return HelpTexts(tmp_path / "home")


def test_sections_have_titles_links_and_plain_text(folder):
    found = read_help_folder(folder)
    assert found.files == 3 and not found.skipped
    by_link = {one.link: one for one in found.passages}
    password = by_link["account.md#how-do-i-change-my-password"]
    assert password.title == "How do I change my password?"
    assert password.text == (
        "Open Settings, then Security. Choose a new password.\n# not a heading\npasswd"
    )
    assert by_link["account.md#delete-the-account"].title == "Account: Delete the account"
    cost = by_link["shop/costs.html#fees"]
    assert cost.title == "What does shipping cost?"
    assert cost.text == "Shipping costs 5 euros\nin Europe.\nFree from 50 euros."
    whole = json.dumps([one.text for one in found.passages])
    assert "stolen" not in whole and "Menu" not in whole and "secret" not in whole
    assert [one.title for one in found.passages if one.language == "zh"] == [
        "怎么退货？",
        "怎么联系客服？",
    ]


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("how can i change the pasword", "How do I change my password?"),
        ("shipping fees?", "What does shipping cost?"),
        ("我想退货怎么办", "怎么退货？"),
    ],
)
def test_questions_find_their_passage(texts, question, title):
    answer = texts.find_passages(question)
    assert answer.known and answer.passages[0].passage.title == title


@pytest.mark.parametrize("question", ["who won the world cup in 1998", "", "😀😀", "?" * 10_000])
def test_other_questions_are_not_answered(texts, question):
    answer = texts.find_passages(question)
    assert answer.loaded and not answer.known


@pytest.mark.parametrize("name", ["faq.csv", "faq.md"])
def test_an_answer_stays_as_it_was_written(tmp_path, name):
    whole = "打开设置，选择“密码”：½ …" if name.endswith("md") else "打开设置，<b>选择</b>密码：½ …"
    form = (
        "# 如何修改密码？\n\n{}\n"
        if name.endswith("md")
        else "question,answer\n如何修改密码？,{}\n"
    )
    (tmp_path / name).write_text(form.format(whole), encoding="utf-8")
    (passage,) = read_help_folder(tmp_path).passages
    assert passage.title == "如何修改密码？"
    plain = whole.replace("<b>", " ").replace("</b>", " ")
    assert "".join(passage.text.split()) == "".join(plain.split())


def test_contradicting_answers_are_both_given(tmp_path):
    passages = [
        Passage("How long can I return an item?", "Within 14 days.", "a.md"),
        Passage("How long can I return items?", "Within 30 days.", "b.md"),
        Passage("How do I pay?", "By card.", "c.md"),
    ]
    write_help(tmp_path, passages, shared_vectors())
    answer = find_passages(tmp_path, "how long can i return an item")
    assert answer.contradicts
    assert {one.passage.link for one in answer.passages} == {"a.md", "b.md"}


def test_new_help_texts_replace_the_old_and_damaged_ones_are_refused(texts, tmp_path, caplog):
    assert texts.find_passages("shipping cost").known
    write_help(tmp_path / "home", [Passage("Gifts", "Wrap them.", "g.md")], shared_vectors())
    texts._looked = 0.0
    assert len(texts) == 1 and texts.find_passages("gifts").passages[0].passage.link == "g.md"
    folders = list(help_folder(tmp_path / "home").glob("help-*"))
    assert len(folders) == 1
    (folders[0] / "idf.npy").write_bytes(b"broken")
    assert not find_passages(tmp_path / "home", "gifts").loaded
    assert "is not as it was written; run `recsys help ingest` again" in caplog.text


def test_bad_folders_and_files(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        read_help_folder(tmp_path / "none")
    (tmp_path / "a.md").write_text("# Title\n\ntext")
    with pytest.raises(DataError, match="is a file, not a folder"):
        read_help_folder(tmp_path / "a.md")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no help text"):
        read_help_folder(tmp_path / "empty")
    (tmp_path / "wrong.csv").write_text("name,value\na,b\n")
    (tmp_path / "zip.html").write_bytes(b"PK\x03\x04rest")
    (tmp_path / "blank.md").write_text("  \n")
    (tmp_path / "faq.pdf").write_bytes(b"%PDF")
    (tmp_path / ".hidden.pdf").write_bytes(b"%PDF")
    found = read_help_folder(tmp_path)
    assert found.files == 1 and len(found.skipped) == 4
    assert "faq.pdf: has another ending than .md" in found.skipped[-1]
    assert any("question and answer" in one for one in found.skipped)


def test_long_sections_are_divided(tmp_path):
    (tmp_path / "long.md").write_text("# Long\n\n" + "A sentence of words. " * 300)
    parts = read_help_folder(tmp_path).passages
    assert len(parts) > 4 and all(len(one.text) <= LONGEST for one in parts)
    assert sum(len(one.text.split()) for one in parts) == 1200


@pytest.mark.exhaustive
def test_ten_thousand_files(tmp_path):
    source = tmp_path / "many"
    source.mkdir()
    for n in range(10_000):
        (source / f"{n}.md").write_text(f"# Subject {n}\n\nAnswer number {n} of machine m{n}.")
    write_help(tmp_path / "home", read_help_folder(source).passages, shared_vectors())
    answer = find_passages(tmp_path / "home", "machine m4321 subject 4321")
    assert answer.passages[0].passage.link == "4321.md#subject-4321"


def test_the_commands(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RECSYS_HELP_CONTACT", "help@example.org")
    runner = CliRunner()
    none = runner.invoke(cli, ["help", "find", "password"])
    assert "I do not know. There are no help texts. Please ask help@example.org." in none.output
    made = runner.invoke(cli, ["help", "ingest", str(folder), "--json"])
    assert json.loads(made.stdout)["files"] == 3
    found = runner.invoke(cli, ["help", "find", "change my password"])
    assert "account.md#how-do-i-change-my-password" in found.output
    assert "help texts removed" in runner.invoke(cli, ["help", "remove"]).output
    zh = runner.invoke(cli, ["help", "find", "退货", "--lang", "zh"])
    assert "我不知道。" in zh.output
