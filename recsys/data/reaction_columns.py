"""Opinion columns: votes, thumbs and reactions in files of events without a column for the kind.

`vote` holds `up` and `down`, or 1 and -1; `VoteTypeId` of Stack Exchange holds codes. Read as
views, a no would count as a yes. The values decide how such a column is read: as the kind, as the
value, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recsys.data.event_kinds import find, fold, withdrawn_by
from recsys.data.id_normalization import is_null

CODED = "event="  # what a column of codes is called in a record, before its folded name
LONGEST = 40  # characters of a word that says what somebody thinks
OPINIONS = frozenset(
    """vote votes votetype votetypeid votevalue thumb thumbs reaction reactiontype reactionid
    feedback feedbacktype opinion verdict 投票 态度 反馈 表态""".split()
)  # by their folded names
_CODES: Mapping[str, Mapping[str, str]] = {
    "votetypeid": {  # stackexchange.com: VoteTypes
        "1": "accept",
        "2": "upvote",
        "3": "downvote",
        "4": "report",
        "5": "bookmark",
        "12": "report",
    },
}
_SIGNS = {
    "up": "upvote",
    "down": "downvote",
    "+": "upvote",
    "-": "downvote",
    "agree": "like",
    "disagree": "dislike",
    "positive": "like",
    "negative": "dislike",
    "同意": "like",
    "不同意": "dislike",
}
_VALUES = frozenset({-1.0, 0.0, 1.0})


def opinion_column(name: str, values: Sequence[object]) -> str:
    """Return the column of a record that an opinion is read as; empty where it is not understood.

    `values`: the first of the file. `event=<name>` for codes and for words of which some name
    kinds, `value` for -1, 0 and 1 with a -1 among them.
    """
    folded = fold(name)
    if folded not in OPINIONS:
        return ""
    filled = [one for one in values if not is_null(one) or one == "-"]
    if not filled:
        return ""
    if folded in _CODES:
        return CODED + folded if all(_digits(one) for one in filled) else ""
    if any(map(_meaning, filled)) and all(isinstance(one, str) and _is_word(one) for one in filled):
        return CODED + folded
    numbers = {_number(one) for one in filled}
    return "value" if -1.0 in numbers and numbers <= _VALUES else ""


def kind_of_opinion(column: str, raw: object) -> str:
    """Return the kind that a value of a column `event=<name>` names; empty when absent.

    A code without a meaning is a kind of its own, as in `votetypeid 10`, which weighs nothing.
    """
    if is_null(raw) and raw != "-":
        return ""
    codes = _CODES.get(column.removeprefix(CODED))
    if codes is not None:
        code = _digits(raw)
        return codes.get(code, f"{column.removeprefix(CODED)} {code or raw}")
    return _meaning(raw) or str(raw).strip().lower()


def _meaning(raw: object) -> str:
    """Return the kind that a word names, such as `up`, `like` or 👎; empty for none."""
    if not isinstance(raw, str):
        return ""
    word = raw.strip()
    if (kind := _SIGNS.get(word.lower())) is not None:
        return kind
    return word.lower() if find(word) is not None or withdrawn_by(word) is not None else ""


def _is_word(text: str) -> bool:
    return len(text) <= LONGEST and _number(text) is None


def _digits(raw: object) -> str:
    """Return a whole number as its digits; empty for another value."""
    text = str(raw).strip().removesuffix(".0")
    return text if text.isascii() and text.isdigit() and not isinstance(raw, bool) else ""


def _number(raw: object) -> float | None:
    try:
        return float(raw) if isinstance(raw, (str, int, float)) else None
    except ValueError:
        return None
