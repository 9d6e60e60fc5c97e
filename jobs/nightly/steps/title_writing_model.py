"""Step: fine-tunes a T5 on the texts and titles of the items, where RECSYS_TITLE_MODEL names one.

The model is kept where its titles of unseen texts are surely better than extracted ones, and no
worse than those of the model in service; `recsys speak` serves it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from recsys.language_model.prompts import TITLE_TOKENS, title_messages
from recsys.text_training.title_pairs import TitlePairs, title_pairs

from ..context import NightContext
from ..step_runner import Detail

FEWEST = 20  # unseen pairs; with fewer a model is not judged


def write_titles(night: NightContext, out: Path) -> Detail:
    """Train and judge a title model; tell whether it is kept, and why."""
    settings = night.settings
    if not settings.title_model:
        return {"trained": False, "because": "RECSYS_TITLE_MODEL names no model"}
    pairs = title_pairs(night.tables[1], time.time())
    if len(pairs.unseen) < FEWEST:
        few = f"too few texts with a title to judge a model on ({len(pairs.unseen)})"
        return {"trained": False, "because": few}
    from recsys.text_training.title_model_versions import TitleModelVersions

    versions = TitleModelVersions(settings.home)
    training_key = (
        f"{settings.title_model} {settings.title_minutes} {settings.seed} {pairs.fingerprint}"
    )
    if versions.lesson == training_key:
        return {"trained": False, "because": "there is nothing new to learn from"}
    detail = _trained(night, pairs, versions.current, out / "model")
    if detail["kept"]:
        versions.publish(out / "model", f"{night.number}-{pairs.fingerprint}")
    versions.note(training_key)
    return detail


def _trained(night: NightContext, pairs: TitlePairs, current: Path | None, out: Path) -> Detail:
    # loaded where a model is trained: it brings torch
    from recsys.text_training.title_comparison import compare_titles
    from recsys.text_training.title_model_training import TitleTrainingConfig, train_title_model

    settings = night.settings
    losses: list[float] = []

    def callback(step: int, loss: float) -> None:
        losses.append(loss)
        night.progress.note(f"step {step}, loss {loss:.3f}")

    config = TitleTrainingConfig(seconds=60 * settings.title_minutes)
    start = Path(settings.title_model)
    train_title_model(start, pairs.known, config, settings.seed, night.device, out, callback)
    found = compare_titles(pairs.unseen, _writing(out))
    before = compare_titles(pairs.unseen, _writing(current)).written if current else None
    worse = before is not None and found.written < before
    because = "better than extracted titles"
    if not found.better:
        because = "not surely better than extracted titles"
    elif worse:
        because = "worse than the model in service"
    return {
        "trained": True,
        "kept": found.better and not worse,
        "because": because,
        "known": len(pairs.known),
        "steps": len(losses),
        "losses": [round(one, 4) for one in losses[:: max(len(losses) // 20, 1)]],
        "in_service": before,
        **asdict(found),
    }


def _writing(folder: Path) -> Callable[[str], str]:
    """Return what writes a title with the model of a folder, as the service asks it to."""
    from recsys.language_model.local_models import T5Writer

    writer = T5Writer(folder)
    return lambda text: writer.write(title_messages(text), TITLE_TOKENS, None)
