"""`recsys evaluate-dialogue`: what is understood, and dialogues that look for an item.

recsys evaluate-dialogue --utterances tests/dialogue/unseen_utterances_en.tsv
recsys evaluate-dialogue --intents banking77.csv.gz --shots 10 --languages
recsys evaluate-dialogue --intents clinc150.csv.gz --languages
recsys evaluate-dialogue --labels iard.csv.gz
recsys evaluate-dialogue --items items.csv --events events.csv.gz --users 1500
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np

from recsys.data.item_and_event_readers import load_events
from recsys.dialogue.dialogue import Dialogue
from recsys.dialogue.understanding import PatternUnderstanding
from recsys.errors import DataError
from recsys.evaluation.critique_dialogues import STRATEGIES, CritiqueTrial, seekers
from recsys.evaluation.dialogue_speed import turn_times
from recsys.evaluation.intent_trials import figures, labelled_utterances, of_each, read_intents
from recsys.evaluation.utterance_trials import read_utterances, understood_as_expected
from recsys.text.sentiment.scorer import SentimentScorer

from ..cli import run
from ..seed_option import seed_option

DRAWS = 5  # of a few sentences per intent


@click.command(name="evaluate-dialogue")
@click.option("--utterances", type=Path, multiple=True, help="Expected commands, a tab, the text.")
@click.option("--intents", type=Path, multiple=True, help="Gzipped table of split, intent, text.")
@click.option("--shots", type=click.IntRange(0), default=0, help="Also with so many per intent.")
@click.option("--languages", is_flag=True, help="Also with the vectors of the extra `languages`.")
@click.option("--split", default="test", show_default=True, help="Which sentences are classified.")
@click.option("--labels", type=Path, help="IARD: utterances with several labels.")
@click.option("--items", type=Path, help="With --events: critique dialogues.")
@click.option("--events", type=Path, help="Ratings with times.")
@click.option("--users", type=click.IntRange(1), default=1500, show_default=True)
@click.option("--turns", type=click.IntRange(1), default=5, show_default=True)
@click.option("--noise", type=click.FloatRange(0, 1), default=0.2, show_default=True)
@click.option(
    "--strategy",
    "strategies",
    type=click.Choice(STRATEGIES),
    multiple=True,
    help="Of critique dialogues, instead of all; may be repeated.",
)
@click.option("--speed", is_flag=True, help="CPU time of turns instead, with --utterances.")
@seed_option
def command(
    utterances: tuple[Path, ...],
    intents: tuple[Path, ...],
    shots: int,
    languages: bool,
    split: str,
    labels: Path | None,
    items: Path | None,
    events: Path | None,
    users: int,
    turns: int,
    noise: float,
    strategies: tuple[str, ...],
    speed: bool,
    seed: int,
) -> None:
    """Measure the dialogue: own utterances, public intents, simulated critiques. A line each."""
    if not (utterances or intents or labels or items or events):
        raise DataError(
            "nothing to measure: give --utterances F, --intents F, --labels F,"
            " or --items F with --events F"
        )
    for path in utterances:
        found = understood_as_expected(read_utterances(path), PatternUnderstanding())
        _print({"utterances": path.name, **asdict(found)})
    for path in intents:
        _intents(path, split, shots, (False, True) if languages else (False,))
    if labels is not None:
        _print({"labels": labels.name, **asdict(labelled_utterances(labels))})
    if (items is None) != (events is None):
        raise DataError("critique dialogues need --items and --events")
    if items is not None and events is not None:
        texts = [one.text for path in utterances for one in read_utterances(path)]
        asked = strategies or STRATEGIES
        _critiques(items, events, users, turns, noise, asked, seed, texts if speed else ())


def _intents(path: Path, split: str, shots: int, languages: Sequence[bool]) -> None:
    splits = read_intents(path)
    if split not in splits:
        raise DataError(f"{path}: there is no split {split!r}, only {', '.join(splits)}")
    known, test_rows = splits["train"], splits[split]
    for more in languages:
        row: dict[str, object] = {"intents": path.name, "split": split, "languages": more}
        _print({**row, **asdict(figures(known, test_rows, more))})
        for draw in range(DRAWS if shots else 0):
            some = of_each([one for one in known if one[1] != "oos"], shots, draw)
            found = asdict(figures(some, test_rows, more))
            _print({**row, "shots": shots, "draw": draw, **found})


def _critiques(
    items: Path,
    events: Path,
    users: int,
    turns: int,
    noise: float,
    strategies: Sequence[str],
    seed: int,
    texts: Sequence[str],
) -> None:
    # loaded for this alone: it brings the engines
    from recsys.fitting import fit

    table = load_events(events)
    user_ids, item_ids = list(table.users), list(table.items)
    rows = [
        (user_ids[user], item_ids[item], value, at)
        for user, item, value, at in zip(
            table.user.tolist(),
            table.item.tolist(),
            table.value.tolist(),
            table.time.tolist(),
            strict=True,
        )
    ]
    chosen, cut = seekers(rows, users)
    before = [
        {"user_id": user, "item_id": item, "event": "rating", "value": value, "timestamp": at}
        for user, item, value, at in rows
        if at <= cut
    ]
    with fit(before, items, seed=seed) as model:
        recommender = model.recommender
        if texts:
            scorer = SentimentScorer(model.folder)
            own = Dialogue(recommender, scorer.scores)
            _print(asdict(turn_times(recommender, own, chosen, texts)))
            return
        dialogue = Dialogue(recommender, lambda texts: np.zeros(len(texts), np.float32))
        trial = CritiqueTrial(recommender, dialogue, cut)
        for strategy in strategies:
            for share in dict.fromkeys((0.0, noise)):
                _print(asdict(trial.run(chosen, strategy, share, turns, seed)))


def _print(row: dict[str, object]) -> None:
    print(json.dumps(row, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    run(command)
