"""ReasonFormatter: sentences for the reasons that are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from recsys.explain import history_groups
from recsys.i18n import translate
from recsys.ranking import reason_templates
from recsys.ranking.query import Reason
from recsys.ranking.request_scorer import Request
from recsys.serving.live_state import LiveState
from recsys.serving.topic_example_titles import titles_of_unnamed


def control_titles(live: LiveState, one: Reason, title: Callable[[int], str]) -> list[str]:
    """Return the titles that stand for what a control is about, if it has no name of its own."""
    if one.item_id is not None:
        row = live.row(one.item_id)
        return [title(row)] if row >= 0 else []
    return titles_of_unnamed(live, one.by)


@dataclass(frozen=True, slots=True)
class ReasonFormatter:
    """What the sentences of one list have in common."""

    request: Request
    language: str
    title: Callable[[int], str]  # of a row
    rows: Mapping[str, int]  # of the history's items, by id
    weights: Mapping[str, float]  # the same
    names: Mapping[str, str] = field(default_factory=dict)  # of authors, by id
    quotes: dict[int, str] = field(default_factory=dict)  # of rows named before in this list
    sentences: dict[str, str] = field(default_factory=dict)  # by kind of reason, the same

    @classmethod
    def of(
        cls,
        request: Request,
        ids: Sequence[str],
        language: str,
        title: Callable[[int], str],
        names: Mapping[str, str],
    ) -> ReasonFormatter:
        """Note which rows the items of the history have; `ids`: of its entries.

        `names`: display names of authors and followees, by id.
        """
        rows, weights = request.history.rows.tolist(), request.history.weights.tolist()
        return cls(
            request,
            language,
            title,
            dict(zip(ids, rows, strict=True)),
            dict(zip(ids, weights, strict=True)),
            names,
        )

    def text(self, one: Reason) -> str:
        """Return the sentence of a reason."""
        called = one  # as the sentence names it
        if one.by in ("author", "user"):
            called = one._replace(label=self.names.get(one.label, one.label))
        if one.kind == "steered":
            titles = control_titles(self.request.live, one, self.title)
            return reason_templates.control_reason(called, titles, self.language)
        if one.kind == "followed":
            name = self.names.get(one.label, one.label)
            return reason_templates.sentence("followed", language=self.language, name=name)
        if one.kind == "followees" and one.value > 0:
            return reason_templates.followees_sentence(one.among, self.language)
        if one.quiet:
            return translate(reason_templates.QUIET[one.kind], self.language)
        if one.kind != "because_you":
            return self._sentence(one.kind)
        informative = [item for item, _ in one.items[: min(one.among, history_groups.NAMED)]]
        quotes = [self._quoted(self.rows[item]) for item in informative]
        weights = [self.weights[item] for item in informative]
        return history_groups.reason_text(called, quotes, weights, self.language)

    def _sentence(self, kind: str) -> str:
        found = self.sentences.get(kind)
        if found is None:
            found = self.sentences[kind] = reason_templates.sentence(kind, language=self.language)
        return found

    def _quoted(self, row: int) -> str:
        found = self.quotes.get(row)
        if found is None:
            found = self.quotes[row] = reason_templates.quoted(self.title(row), self.language)
        return found
