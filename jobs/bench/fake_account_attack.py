"""`recsys bench attack`: effect of fake accounts on other users' lists, live and after training.

recsys bench attack                    # on the sample data, with a first night of its own
recsys bench attack --home data/var    # on the events and the settings of a home
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.table import Table

from recsys.data.dataset import Dataset
from recsys.errors import DataError
from recsys.evaluation.attack_scenarios import ATTACKS, NUKE, REAL, TRAFFIC
from recsys.evaluation.attack_trial import AttackTrial, Outcome, worst
from recsys.serving.model import Model
from recsys.settings import Settings
from recsys.store.store import Store
from recsys.text.cold_start import ColdStartConfig
from recsys.text_training.encode_catalogue import renumbered
from recsys.training.cold_item_neighbours import ColdStartSolver
from recsys.training.model_builder import assemble, known_interactions
from recsys.tuning.engine_catalogue import engine_named
from recsys.tuning.tuning_result import TuningResult

from ..environment import load_settings, own_command, server_environment
from ..local_recommender import open_bundle
from ..progress import job_progress

SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "movietweetings"
PEOPLE = 400  # whose lists are looked at
TEXTS = 3_000  # that word weights are fitted to
TUNE_MINUTES = "1"  # of the first night on the sample data, where the setting is not given
WHENS = ("live", "night")
LISTS_AT_MOST, LOST_AT_MOST, REACH_AT_LEAST = 0.05, 0.10, 0.5


def attack(
    home: Path | None,
    attacks: Sequence[str] = (),
    whens: Sequence[str] = WHENS,
    users: int = PEOPLE,
    defences: Sequence[bool] = (True, False),
) -> dict[str, Any]:
    """Try the attacks on a home, or on the sample data, with and without the defences.

    `defences`: which of both are tried.
    DataError for an attack that is not known, or a home without a bundle or with undated events.
    """
    unknown = sorted(set(attacks) - set(ATTACKS))
    if unknown:
        raise DataError(f"attack {unknown[0]!r} is unknown; there are: {', '.join(ATTACKS)}")
    names = [name for name in ATTACKS if name in attacks or not attacks]
    with job_progress("attack") as progress, homed(home) as settings:
        progress.started("attack")
        trial = trial_of(settings, users)
        runs = [(one, when, on) for when in whens for on in defences for one in names]
        outcomes: list[Outcome] = []
        for number, (name, when, on) in enumerate(runs):
            result = f"{when}, defences {'on' if on else 'off'}"
            if not number or runs[number - 1][1:] != (when, on):
                progress.message(f"{result}: {len(names)} attacks, {number} of {len(runs)} done")
            with progress.step(f"{result}: {name}"):
                outcomes += trial.run(name, when, on)
            progress.advance(number + 1, len(runs))
        progress.finished("attack", 0.0, {}, False)
    return {
        "people": len(trial.queries),
        "users": len(trial.events.users),
        "accounts": trial.accounts,
        "seed": trial.seed,
        "outcomes": [_row(one) for one in outcomes],
        "worst": summary(outcomes),
    }


def _row(one: Outcome) -> dict[str, Any]:
    return {**asdict(one), "excess": one.excess, "lost": one.lost, "intrudes": one.intrudes}


@contextmanager
def homed(home: Path | None) -> Iterator[Settings]:
    """Yield the settings of a home; None: of one that a first night on the sample data makes."""
    settings = load_settings()
    if home is not None:
        yield replace(settings, home=home.expanduser().absolute(), store="")
        return
    with tempfile.TemporaryDirectory(prefix="recsys-bench-") as folder:
        settings = replace(settings, home=Path(folder), store="")
        environment = server_environment(settings, "", 1)
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            environment.pop(name)  # a night uses every core
        environment.setdefault("RECSYS_TUNE_MINUTES", TUNE_MINUTES)
        files = [f"--{kind}={SAMPLE / kind}.csv.gz" for kind in ("items", "events")]
        for job, more in (("ingest", files), ("nightly", [])):
            done = subprocess.run(
                [*own_command(job), *more], env=environment, stdout=subprocess.PIPE, text=True
            )
            if done.returncode:
                raise DataError(f"recsys {job} on the sample data ended with {done.returncode}")
        yield settings


def trial_of(settings: Settings, users: int = PEOPLE) -> AttackTrial:
    """Return the trial of a home: its events, its items, and the settings of its bundle."""
    raw, served = open_bundle(settings.home)
    choice = TuningResult.from_json(raw.manifest["choice"])
    with Store.open(settings.store_url) as store:
        events, items = store.event_table(), store.item_table()

    def fit(data: Dataset) -> Model:
        words = renumbered(served.catalogue.ids, served.words, served.student, data)
        known = known_interactions(data, words)
        engines = [engine_named(name) for name in choice.engines]
        fitted = {engine.scorer: engine.tried(known, settings.seed, "cpu") for engine in engines}
        cold = ColdStartSolver(data, words.student, words.vectors, ColdStartConfig(largest=TEXTS))
        return assemble(
            data, fitted, words, choice.score_model, settings.seed, False, choice.trees, cold
        )

    return AttackTrial(events, items, settings.weights, fit, users, settings.seed)


def summary(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return one row per attack and moment: the worst of its targets, with and without defences.

    `held`: whether it stays within what is demanded: at most 5 % of the lists and no place in a
    stranger's list in excess, at most a tenth of the places lost, and of a real burst half of the
    reach without defences. None where one of the two was not run or nothing could be lost, and of
    the control, in which independent users act on the fillers of a nuke.
    """
    found: list[dict[str, Any]] = []
    for when in dict.fromkeys(one.when for one in outcomes):
        for name in dict.fromkeys(one.attack for one in outcomes if one.when == when):
            own = [one for one in outcomes if one.attack == name and one.when == when]
            parts = {on: [one for one in own if one.defences is on] for on in (True, False)}
            row: dict[str, Any] = {"attack": name, "when": when, "held": None}
            for on, some in parts.items():
                row["on" if on else "off"] = _row(worst(some)) if some else None
            if parts[True] and name != TRAFFIC:
                row["held"] = _held(name, parts[True], parts[False])
            found.append(row)
    return found


def _held(name: str, on: Sequence[Outcome], off: Sequence[Outcome]) -> bool | None:
    if name == REAL:
        before = {one.target: one.attacked for one in off}
        return all(one.attacked >= REACH_AT_LEAST * before[one.target] for one in on if before)
    if name in NUKE:
        return all(one.lost <= LOST_AT_MOST for one in on)
    return not any(one.excess > LISTS_AT_MOST or one.intrudes for one in on)


def attack_table(found: dict[str, Any]) -> Table:
    """Return the rows of `summary` as a table for users."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("when", "attack", "defences off", "on", "worst target", "held"):
        table.add_column(name)
    for row in found["worst"]:
        on = row["on"]
        table.add_row(
            row["when"],
            row["attack"],
            _cell(row["attack"], row["off"]),
            _cell(row["attack"], on),
            on["target"] if on else "",
            _word(row["held"]),
        )
    return table


def _word(held: bool | None) -> str:
    return "" if held is None else "yes" if held else "no"


def _cell(name: str, one: dict[str, Any] | None) -> str:
    if one is None:
        return ""
    if name in (*NUKE, TRAFFIC):
        return f"−{one['lost']:.1%} of {one['control']:.1%}"
    place = one["stranger"]
    share = one["attacked"] if name == REAL else one["excess"]
    return f"{share:.1%}" + (f" / {place}" if place and one["intrudes"] else "")
