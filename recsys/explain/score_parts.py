"""Decomposition of scores into parts; the parts and the base add up to the score."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recsys.array_types import Floats, Mask, Rows
from recsys.explain.history_groups import AttributionGroups
from recsys.ranking.cold_item_ranks import recent_rows
from recsys.ranking.followed_places import may_be_raised
from recsys.ranking.query import Reason
from recsys.ranking.request_scorer import Request
from recsys.ranking.terms.protocol import Attribution, Part
from recsys.ranking.text_scores import text_vectors
from recsys.serving.label_names import value_of
from recsys.serving.live_state import LiveState

TEXT = "words"  # name of the term of texts
MOSTLY = 0.5  # of what a history gives to an item, from which it speaks by its texts
LEAST_LIKENESS = 0.2  # cosine of two texts, below which nobody would call them alike


@dataclass(frozen=True, slots=True)
class _Values:
    """The values of one part as plain lists: a page has few rows, read one by one."""

    kind: str
    item_id: str | None
    label: str
    by: str
    values: list[float]
    quiet: list[bool] | None
    people: list[int] | None = None  # who took each item up, of those whom the user follows

    def reason(self, place: int) -> Reason:
        """Return the part of one row."""
        quiet = self.quiet is not None and self.quiet[place]
        value = self.values[place]
        return Reason(
            self.kind,
            0.0,
            "",
            self.item_id,
            value,
            by=self.by,
            label=self.label,
            among=0 if self.people is None else self.people[place],
            quiet=quiet,
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of distinct rows, computed for all of them at once.

    Item features are compared with the mean of the catalogue, so that they speak for an item only
    where it differs.
    """

    request: Request
    rows: Rows
    given: Floats  # (history, rows): by each item of the history
    groups: AttributionGroups  # the same in groups
    others: tuple[_Values, ...]  # by all else

    @classmethod
    def of(cls, request: Request, rows: Rows, corrections: Floats, gains: Floats) -> Parts:
        """Split the scores of rows.

        `corrections`: what the trees added to each; `gains`: what the ranks of new items added.
        """
        given = np.zeros((len(request.history), len(rows)), np.float32)
        by_text: Floats | None = None
        parts: list[Part] = []
        absorbing: list[tuple[Mask, list[Part]]] = []
        for (term, bound), split in zip(request.terms, attributions(request, rows), strict=True):
            if split.history is not None:
                given += split.history
                by_text = split.history if term.name == TEXT else by_text
            own = list(split.parts)
            if (mask := bound.absorbs(rows)) is not None:
                absorbing.append((mask, own))
            parts += own
        raised, corrections = _followed(request, rows, corrections)
        parts += [*raised, Part("context", corrections), *_by_text(request.live, rows, gains)]
        parts = _merged(parts)
        for mask, own in absorbing:
            given, parts = _absorbed(mask, {part.kind for part in own}, given, parts)
        unlike = None if by_text is None else _unlike(request, rows, given, by_text)
        groups = AttributionGroups.of(
            request.live, request.history, rows, given, request.muted, unlike
        )
        social = request.history.social
        people = None if social is None else social.people_at(rows).tolist()
        others = tuple(
            _Values(
                part.kind,
                part.item_id,
                part.label,
                part.by,
                part.values.tolist(),
                None if part.quiet is None else part.quiet.tolist(),
                people if part.kind == "followees" else None,
            )
            for part in parts
        )
        return cls(request, rows, given, groups, others)

    def of_row(self, place: int) -> list[Reason]:
        """Return every part of one row, each item of the history by itself, in no order."""
        given = zip(self.request.history.rows.tolist(), self.given[:, place].tolist(), strict=True)
        return [
            Reason("because_you", 0.0, "", self.request.live.item_id(entry), value)
            for entry, value in given
            if value
        ] + self._others(place)

    def gathered(self, place: int) -> list[Reason]:
        """Return every part of one row, those of the history in groups."""
        return self.groups.reasons(place) + self._others(place)

    def _others(self, place: int) -> list[Reason]:
        return [one.reason(place) for one in self.others if one.values[place]]


def _unlike(request: Request, rows: Rows, given: Floats, by_text: Floats) -> Mask:
    """Return which rows the history speaks for by texts that are not alike, (rows,).

    In a small catalogue the nearest text may be of another subject. `given`, `by_text`:
    (history, rows), of all terms and of texts.
    """
    mostly: Mask = np.maximum(by_text, 0).sum(axis=0) > MOSTLY * np.maximum(given, 0).sum(axis=0)
    if not mostly.any():
        return mostly
    own, theirs = (
        text_vectors(request.live, some) for some in (request.history.rows, rows[mostly])
    )
    lengths = [np.linalg.norm(some, axis=1) for some in (own, theirs)]
    likeness = own @ theirs.T / np.maximum(np.outer(*lengths), 1e-9)
    giving = by_text[:, mostly] > 0
    mostly[mostly] = np.where(giving, likeness, -1.0).max(axis=0, initial=-1.0) < LEAST_LIKENESS
    return mostly


def attributions(request: Request, rows: Rows) -> list[Attribution]:
    """Return the split of each term of a request, in their order."""
    table = request.table
    return [
        bound.attribute(rows, table.values_of(term.name, rows), table)
        for term, bound in request.terms
    ]


def base(request: Request) -> float:
    """Return the score of an item that is average in everything, for one user."""
    rows: Rows = np.zeros(0, np.int32)
    return sum(split.base for split in attributions(request, rows))


def _by_text(live: LiveState, rows: Rows, gains: Floats) -> list[Part]:
    """Return what the ranks of items that nobody knew add, for new and for old items apart."""
    if not gains.any():
        return []
    new, none = recent_rows(live, rows), np.float32(0)
    return [
        Part("new_item", np.where(new, gains, none)),
        Part("little_known", np.where(new, none, gains)),
    ]


def _followed(request: Request, rows: Rows, corrections: Floats) -> tuple[list[Part], Floats]:
    """Return what a follow has added to rows as parts that name the author, and what is left.

    A place for new items of followees is no context: the follow is why the item is there.
    """
    own = may_be_raised(request, rows) & (corrections > 0)
    if not own.any():
        return [], corrections
    codes, none = request.live.labels["author"][rows], np.float32(0)
    parts = [
        Part(
            "followed",
            np.where(own & (codes == code), corrections, none),
            label=value_of(request.live, "author", code),
        )
        for code in np.unique(codes[own]).tolist()
    ]
    return parts, np.where(own, none, corrections)


def _merged(parts: list[Part]) -> list[Part]:
    """Return parts with those of one kind added up, but for those that name something."""
    found: dict[object, Part] = {}
    for number, part in enumerate(parts):
        named = part.item_id is not None or part.label or part.by
        key: object = number if named else part.kind
        before = found.get(key)
        if before is None:
            found[key] = part
            continue
        quiet = None
        if before.quiet is not None and part.quiet is not None:
            quiet = before.quiet & part.quiet
        found[key] = Part(part.kind, before.values + part.values, quiet)
    return list(found.values())


def _absorbed(
    mask: Mask, kinds: set[str], given: Floats, parts: list[Part]
) -> tuple[Floats, list[Part]]:
    """Let the parts of some kinds stand for all that speaks for the marked rows.

    Where the sum is not positive the parts stay as they are.
    """
    total = given.sum(axis=0) + np.sum([part.values for part in parts], axis=0)
    one, none = mask & (total > 0), np.float32(0)
    found = []
    for part in parts:
        own = part.values != 0 if part.kind in kinds else np.zeros(len(mask), bool)
        values = np.where(one, np.where(own, total, none), part.values)
        found.append(replace(part, values=values))
    return np.asarray(np.where(one, none, given), np.float32), found
