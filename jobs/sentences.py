"""What a step of a job did, in plain words; for the progress on the screen and in the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Detail = Mapping[str, Any]


def sentence(step: str, detail: Detail) -> str:
    """Return what a step did; its details as "name value" where no sentence is known for it."""
    make = SENTENCES.get(step)
    if make is not None:
        try:
            return make(detail)
        except (KeyError, TypeError, ValueError):
            pass  # the step tells other things than its sentence needs
    shown = [(k, v) for k, v in detail.items() if isinstance(v, str | int | float) and v != ""]
    return ", ".join(f"{name.replace('_', ' ')} {_value(value)}" for name, value in shown)


def _value(value: str | int | float) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else value


def _distill(d: Detail) -> str:
    if d["distilled"]:
        return f"static vectors of {d['tokens']:,} words were made; later nights reuse them"
    return f"nothing to do: {d['because']}"


def _finetune(d: Detail) -> str:
    if d["trained"]:
        return f"the encoder learned from readers, version {d['version']}"
    return f"the encoder stays as it is: {d['because']}"


def _tune(d: Detail) -> str:
    chosen = d["engines"] if d["engines"] != "none" else "no engine, what is taken up alone"
    return f"{'tuned' if d['tuned'] else 'not tuned'}, because {d['because']}; serves {chosen}"


def _returning(d: Detail) -> str:
    return f"who returns within a week: AUC {d['auc']:.3f} over {d['people']:,.0f} people"


def _ingest(d: Detail) -> str:
    counts = ", ".join(f"{value:,} {name}" for name, value in d.items() if _is_count(name, value))
    return f"{d['rows']:,} rows" + (f": {counts}" if counts else "")


def _is_count(name: str, value: object) -> bool:
    return type(value) is int and name != "rows"


def _index(d: Detail) -> str:
    return str(d["because"]) if "because" in d else f"{d['kind']}, recall {d['recall']:.3f}"


SENTENCES: Mapping[str, Callable[[Detail], str]] = {
    "snapshot": lambda d: f"{d['events']:,} events of {d['users']:,} users on {d['items']:,} items",
    "distill": _distill,
    "finetune": _finetune,
    "encode": lambda d: (
        f"{d['encoded']:,} texts encoded, {d['with_words']:,} of {d['items']:,} have known words"
    ),
    "topics": lambda d: (
        f"{d['topics']} topics in {d['groups']} groups, {d['kept']} of them known from before"
    ),
    "communities": lambda d: f"{d['communities']} communities of {d['items']:,} items",
    "returning": _returning,
    "entities": lambda d: f"{d['names']:,} names in the texts of {d['items']:,} items",
    "trends": lambda d: f"{d['series']:,} series over {d['hours']:,} hours",
    "tones": lambda d: f"{d['comments']:,} comments",
    "tune": _tune,
    "baselines": lambda d: str(d["reason"]),
    "fit": lambda d: f"the model knows {d['items']:,} items and takes {d['mb']:.1f} MB",
    "index": _index,
    "gate": lambda d: f"{'passed' if d['passed'] else 'refused'}: {d['reason']}",
    "publish": lambda d: f"version {d['version']} is served from now on",
    **dict.fromkeys(("items", "events", "users", "follows"), _ingest),
}
