"""Figures of the dialogue: simulated users in the tiny world, intents, labels, the command."""

import csv
import gzip
import json

import api_world as world
import numpy as np
import pytest
from click.testing import CliRunner

from jobs.commands.evaluate_dialogue import command
from recsys.dialogue.dialogue import Dialogue
from recsys.errors import DataError
from recsys.evaluation.critique_dialogues import STRATEGIES, CritiqueTrial, Seeker, seekers
from recsys.evaluation.dialogue_speed import turn_times
from recsys.evaluation.intent_trials import figures, of_each
from recsys.ranking.query import Interaction
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState


@pytest.fixture(scope="module")
def trial():
    recommender = Recommender(LiveState(world.model()))
    dialogue = Dialogue(recommender, lambda texts: np.zeros(len(texts), np.float32))
    return CritiqueTrial(recommender, dialogue, world.NOW)


SEEKERS = [
    Seeker(f"user-{number}", (Interaction("bread-1", "rating", 9.0, 1.0),), f"chess-{number}")
    for number in range(0, 20, 3)
]


def test_who_names_what_is_missing_finds_it_sooner_than_by_paging(trial):
    found = {one: trial.run(SEEKERS, one, 0.0, 3, 0) for one in STRATEGIES}
    shares = {name: one.by_turn[-1] for name, one in found.items()}
    assert shares["paging"] < shares["filters"] <= shares["dialogue"] == 1.0
    assert found["dialogue"].users == len(SEEKERS)
    again = trial.run(SEEKERS, "dialogue", 0.5, 3, 1)
    assert again == trial.run(SEEKERS, "dialogue", 0.5, 3, 1) and again.by_turn[-1] <= 1.0


def test_who_seeks_what():
    events = [
        ("a", "x", 9.0, 1.0),
        ("a", "y", 6.0, 9.5),
        ("a", "z", 8.0, 9.6),
        ("b", "x", 9.0, 9.7),
    ]
    events += [("c", f"i{number}", 5.0, number / 2) for number in range(16)]
    found, cut = seekers(events, 5, share=0.85)
    assert [(one.user_id, one.target, len(one.history)) for one in found] == [("a", "z", 1)]
    assert 7.5 < cut < 9.5


def test_turns_and_lists_are_timed(trial):
    times = turn_times(trial.recommender, trial.dialogue, SEEKERS * 5, ["only chess", "undo"])
    assert times.turns > 0 and 0 < times.turn_p50 <= times.turn_p99


def test_intents_of_few_sentences_and_what_is_outside():
    subjects = ["jazz", "chess", "bread", "trains", "opera", "sailing"]
    known = [(f"play some {one} music", "play") for one in subjects]
    known += [(f"how is the weather in {one} town", "weather") for one in subjects]
    assert len(of_each(known, 4, 0)) == 8
    asked = [("play rock music", "play"), ("the weather in paris", "weather")]
    result = figures(known, [*asked, ("transfer ten dollars", "oos")])
    assert result.accuracy == 1.0 and result.outside_recall == 1.0


def test_the_command_prints_a_line_each(tmp_path):
    texts = tmp_path / "texts.tsv"
    texts.write_text("steer:less:politics\tless politics\ncannotdo\tbook me a table\n", "utf-8")
    labels = tmp_path / "labels.csv.gz"
    with gzip.open(labels, "wt", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["dialogue_id", "position", "role", "sub_intent", "text"])
        for number in range(80):
            label, text = (("REJ", "no i hate it"), ("ACC", "yes i like that"))[number % 2]
            writer.writerow([number, 1, "recommender", "", "how about this?"])
            writer.writerow([number, 2, "seeker", label, text])
    given = ["--utterances", str(texts), "--labels", str(labels)]
    result = CliRunner().invoke(command, given, catch_exceptions=False)
    own, several = map(json.loads, result.output.splitlines())
    assert own["commands"] == 1.0 and own["outside_recall"] == 1.0
    assert several["labels"] == 2 and several["ours"] == 1.0
    wrong = CliRunner().invoke(command, ["--items", str(texts)])
    assert "need --items and --events" in str(wrong.exception)
    for asked, words in (
        ([], "nothing to measure"),
        (["--labels", str(texts)], "has no column dialogue_id"),
        (["--intents", str(tmp_path / "none.csv")], "there is no such file"),
    ):
        wrong = CliRunner().invoke(command, asked)
        assert isinstance(wrong.exception, DataError) and words in str(wrong.exception)
