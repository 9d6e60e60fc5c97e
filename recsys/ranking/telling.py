"""Telling: reasons put into words, once it is known which of them are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from recsys.ranking import carriers, reasons
from recsys.ranking.query import Reason
from recsys.ranking.request import Request


@dataclass(frozen=True, slots=True)
class Telling:
    """What the sentences of one list have in common."""

    request: Request
    language: str
    title: Callable[[int], str]  # of a row
    places: Mapping[str, int]  # of the history's items, by id
    titles: dict[int, str] = field(default_factory=dict)  # of rows told of before in this list

    @classmethod
    def of(cls, request: Request, language: str, title: Callable[[int], str]) -> Telling:
        """Note where each item of the history stands."""
        ids = map(request.live.item_id, request.history.rows.tolist())
        return cls(request, language, title, {item_id: at for at, item_id in enumerate(ids)})

    def reason(self, one: Reason) -> Reason:
        """Return a reason with its sentence."""
        if one.kind == "steered":
            row = self.request.live.row(one.item_id) if one.item_id else -1
            title = self._titled(row) if row >= 0 else ""
            return one.saying(reasons.asked(one, title, self.language))
        if one.kind != "because_you":
            return one.saying(reasons.sentence(one.kind, language=self.language))
        telling = one.items[: min(one.among, carriers.NAMED)]
        history, named = self.request.history, [self.places[item_id] for item_id, _ in telling]
        titles = [self._titled(int(history.rows[at])) for at in named]
        weights = [float(history.weights[at]) for at in named]
        return one.saying(carriers.tell(one, titles, weights, self.language))

    def _titled(self, row: int) -> str:
        if row not in self.titles:
            self.titles[row] = self.title(row)
        return self.titles[row]
