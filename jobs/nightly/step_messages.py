"""Progress and log messages of finished pipeline steps."""

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
            pass  # the step's details lack what its sentence needs
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
        return (
            f"static vectors of {counted(d['tokens'], 'word')} were made; later nights reuse them"
        )
    return f"nothing was distilled: {d['because']}"


def _finetune(d: Detail) -> str:
    if d["trained"]:
        return f"the encoder was fine-tuned on user histories, version {d['version']}"
    return f"the encoder is unchanged: {d['because']}"


def _titles(d: Detail) -> str:
    if not d["trained"]:
        return f"no model that writes titles was trained: {d['because']}"
    return (
        f"the new model that writes titles is {'kept' if d['kept'] else 'dropped'}: {d['because']}"
    )


def _tune(d: Detail) -> str:
    if d.get("design") == "untested":
        return f"fixed settings in place of tuned ones: {d['engine_reason']}"
    done = "tuned" if d["tuned"] else "not tuned"
    if d.get("quick"):
        done = "tuned and fitted quickly to give lists soon (the next night does it fully)"
    place = f"; personalisation {d['personal']:g} of 1" if "personal" in d else ""
    return f"{done}, because {d['because']}{place}; chosen: {d['engine_reason']}"


def _returning(d: Detail) -> str:
    if "auc" not in d:
        dated = "there are too few weeks of events, or too few users who came back"
        return f"no prediction of who returns: {dated if d['dated'] else 'events have no times'}"
    users = counted(d["people"], "user")
    return f"prediction of who returns within a week: AUC {d['auc']:.3f} for {users}"


def _flags(d: Detail) -> str:
    found = ", ".join(f"{value:,} {name}" for name, value in d.items())
    return f"flagged items: {found or 'none'}"


def _ingest(d: Detail) -> str:
    counts = ", ".join(f"{value:,} {name}" for name, value in d.items() if _is_count(name, value))
    return counted(d["rows"], "row") + (f": {counts}" if counts else "")


def _is_count(name: str, value: object) -> bool:
    return type(value) is int and name != "rows"


def _index(d: Detail) -> str:
    return str(d["because"]) if "because" in d else f"{d['kind']}, recall {d['recall']:.3f}"


def _joined(d: Detail) -> str:
    if not d["built"]:
        return f"no index of behaviour and text: {d['because']}"
    return f"behaviour and text in one index, recall {d['recall']:.3f}"


def _gate(d: Detail) -> str:
    """Return the verdict without what the line of the step `baselines` has said."""
    said = f"{d['baselines']['reason']}; " if d.get("baselines") else ""
    return f"{'passed' if d['passed'] else 'refused'}: {d['reason'].removeprefix(said)}"


def counted(count: float, noun: str, plural: str = "") -> str:
    """Return a number with its noun: 1 item, 2 items."""
    return f"{count:,.0f} {noun if count == 1 else plural or noun + 's'}"


SENTENCES: Mapping[str, Callable[[Detail], str]] = {
    "snapshot": lambda d: (
        f"{counted(d['events'], 'event')} of {counted(d['users'], 'user')} "
        f"on {counted(d['items'], 'item')}"
        + (f", {d['from_lists']:,} from lists that were shown" if d.get("from_lists") else "")
    ),
    "distill": _distill,
    "finetune": _finetune,
    "encode": lambda d: (
        f"{counted(d['encoded'], 'text')} encoded, {d['with_words']:,} of "
        f"{counted(d['items'], 'item')} with known words"
    ),
    "topics": lambda d: (
        f"{counted(d['topics'], 'topic')} in {counted(d['groups'], 'group')}, "
        f"{d['kept']} of them from earlier nights"
    ),
    "flags": _flags,
    "communities": lambda d: (
        f"{counted(d['communities'], 'community', 'communities')} of {counted(d['items'], 'item')}"
    ),
    "returning": _returning,
    "entities": lambda d: (
        f"{counted(d['names'], 'name')} in the texts of {counted(d['items'], 'item')}"
    ),
    "trends": lambda d: f"{d['series']:,} series over {counted(d['hours'], 'hour')}",
    "tones": lambda d: counted(d["comments"], "comment"),
    "tune": _tune,
    "baselines": lambda d: str(d["reason"]),
    "fit": lambda d: f"the model knows {counted(d['items'], 'item')} and takes {d['mb']:.1f} MB",
    "index": _index,
    "joined": _joined,
    "titles": _titles,
    "gate": _gate,
    "publish": lambda d: f"version {d['version']} is served from now on",
    **dict.fromkeys(("items", "events", "users", "follows"), _ingest),
}
