"""ROUGE by hand, and figures of extractive titles."""

import json

import pytest
from click.testing import CliRunner

from jobs.cli import cli
from recsys.evaluation.writing_trials import writing_figures
from recsys.writing.rouge import rouge_1, rouge_l


def test_rouge_of_sentences_by_hand():
    assert rouge_1("the cat sat", "The cat is on the mat") == pytest.approx(2 * 2 / 9)
    assert rouge_l("sat the cat", "the cat sat") == pytest.approx(2 / 3)
    assert rouge_1("手机好", "好手机") == 1.0 and rouge_1("", "a") == 0.0


def test_figures_and_the_command(tmp_path):
    text = "Hi all. The bridge of Oslo fell down. It was old. The bridge is closed. Sad. Bye."
    posts = [("c" * n, "The bridge of Oslo fell", text) for n in range(1, 40)]
    found = writing_figures(posts)
    assert found["posts"] > 2 and found["difference"][0] > 0
    file = tmp_path / "posts.csv"
    rows = [f'{n},{c},{t},"{x}"' for n, (c, t, x) in enumerate(posts)]
    file.write_text("\n".join(["item_id,category,title,text", *rows]))
    made = CliRunner().invoke(cli, ["evaluate-writing", "--items", str(file)])
    assert json.loads(made.stdout) == found


def test_tags_of_titles_and_the_command(tmp_path):
    words = {"sea": "harbour sailor wave tide anchor", "bread": "oven dough yeast crust flour"}
    rows = ["item_id,title,tags"]
    for tag, own in words.items():
        known = own.split()
        rows += [f"{tag}-{n},{' '.join(known[n % 5 :] + known[: n % 5])},{tag}" for n in range(12)]
    items, events = tmp_path / "items.csv", tmp_path / "events.csv"
    items.write_text("\n".join(rows))
    acts = [
        f"user{n % 6},{row.partition(',')[0]},view,{1_600_000_000 + n}"
        for n, row in enumerate(rows[1:])
    ]
    events.write_text("\n".join(["user_id,item_id,event,timestamp", *acts]))
    given = ["--items", str(items), "--events", str(events), "--sample", "10"]
    made = CliRunner().invoke(cli, ["evaluate-writing", *given])
    found = json.loads(made.stdout)
    assert found["titles"] == 10 and found["precision"] == 1.0 and found["most_common"] < 1
