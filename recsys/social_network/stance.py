"""StanceModel: what an answer says of the item at the root: comment, support, deny or query.

    model = StanceModel.of_home(home)     # trained on the platform's labels, else cues alone
    model.probabilities([StanceText("is this confirmed?", 1, "the root's text")])

A multinomial logit on cues of English and Chinese, the place in the tree, words and pairs of words.
Without training the weights of the cues are fixed by hand and words count nothing.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.errors import DataError

STANCES = ("comment", "support", "deny", "query")
FILE = Path("stance") / "stance.json"  # in the home
Values = NDArray[np.float64]
_LEAST = 3  # texts in which a feature occurs
_PENALTY = 3.0  # L2; chosen by folds of threads of rumoureval2017's training part
_CUES = {
    "deny": (
        r"\b(fake|hoax|false|lies?|liars?|lying|untrue|not true|isn'?t true|no proof|bullshit|bs"
        r"|nonsense|wrong|debunk\w*|incorrect|\w*information|propaganda|stop spreading"
        r"|didn'?t happen|never happened|photoshop\w*|staged|made up)\b"
        r"|假的|谣言|造谣|辟谣|不实|虚假|骗人|胡说|不是真的|不可能|假新闻|瞎编|没有这回事"
    ),
    "support": (
        r"\b(confirm\w*|true|truth|exactly|agree\w*|right|indeed|breaking|update|reports?|reported"
        r"|reportedly|according to|police say|officials?|witness\w*|yes|correct)\b"
        r"|证实|属实|是真的|确实|没错|同意|支持|官方|亲眼|据报道|据悉"
    ),
    "ask": (
        r"\b(sources?|proof|evidence|verif\w*|confirmed|really|is this true|is it true|who|what"
        r"|when|where|why|how|any)\b|真的吗|是真的|来源|出处|证据|求证|确定吗|真假|哪里|为什么|怎么"
    ),
    "not": (
        r"\b(no|not|never|don'?t|isn'?t|wasn'?t|didn'?t|doesn'?t|can'?t|cannot|won'?t|none"
        r"|nothing)\b|不|没有|别"
    ),
}
_FOUND = {name: re.compile(pattern) for name, pattern in _CUES.items()}
_STARTS = frozenset(
    (
        "is are was did do does how what who why where when any can could has have so really source"
    ).split()
)
_WORD = re.compile(r"[a-z']+|[\u4e00-\u9fff]")
_BY_HAND = {  # weights in the order of STANCES
    "bias": (1.6, 0.0, 0.0, 0.0),
    "root": (0.0, 4.0, 0.0, 0.0),
    "?": (0.0, -0.5, -0.3, 1.2),
    "ask?": (0.0, 0.0, 0.0, 1.2),
    "deny": (0.0, -0.3, 1.8, 0.0),
    "support": (0.0, 1.0, 0.0, 0.0),
}


@dataclass(frozen=True, slots=True)
class StanceText:
    """A text with its place in the tree."""

    text: str
    depth: int  # steps to the root; 0: the root itself
    root: str = ""  # the root's text


@dataclass(frozen=True)
class StanceModel:
    """Weights by feature, in the order of STANCES."""

    weights: dict[str, tuple[float, ...]]
    trained: bool = False

    @classmethod
    def by_hand(cls) -> StanceModel:
        """Return the model of cues alone."""
        return cls(dict(_BY_HAND))

    @classmethod
    def of_home(cls, home: Path) -> StanceModel:
        """Return the model that lies in a home, else that of cues; DataError for a broken file."""
        path = home / FILE
        if not path.exists():
            return cls.by_hand()
        try:
            known = json.loads(path.read_text("utf-8"))
            return cls({name: tuple(map(float, own)) for name, own in known.items()}, True)
        except (ValueError, TypeError, AttributeError) as error:
            raise DataError(f"{path}: no model of stances ({error}); remove it") from error

    def save(self, home: Path) -> Path:
        """Write the model into a home; the service reads it when it starts."""
        path = home / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(".part")
        aside.write_text(json.dumps(self.weights, ensure_ascii=False), "utf-8")
        aside.replace(path)
        return path

    def probabilities(self, texts: Sequence[StanceText]) -> Values:
        """Return (n, 4) in the order of STANCES; rows add to 1."""
        scores = np.zeros((len(texts), len(STANCES)))
        for row, one in enumerate(texts):
            for name, amount in features(one).items():
                if name in self.weights:
                    scores[row] += amount * np.array(self.weights[name])
        return _softmax(scores)

    @classmethod
    def fit(cls, texts: Sequence[StanceText], stances: Sequence[str]) -> StanceModel:
        """Fit to labelled texts; DataError for a label that is none of STANCES, or without any."""
        from scipy.optimize import minimize  # 200 modules that no worker needs

        unknown = sorted(set(stances) - set(STANCES))
        if unknown or not texts:
            raise DataError(
                f"stance {unknown[0]!r} is none of {', '.join(STANCES)}"
                if unknown
                else "there is no text with a stance to learn from"
            )
        rows = [features(one) for one in texts]
        counts = Counter(name for row in rows for name in row)
        names = sorted(name for name, count in counts.items() if count >= _LEAST)
        table = _table(rows, {name: at for at, name in enumerate(names)})
        target = np.eye(len(STANCES))[[STANCES.index(one) for one in stances]]
        free = np.array([[0.0 if name == "bias" else _PENALTY] for name in names])

        def loss(flat: Values) -> tuple[float, Values]:
            weights = flat.reshape(len(names), -1)
            chances = _softmax(table @ weights)
            value = -np.log((chances * target).sum(1) + 1e-12).sum()
            value += (free * weights**2).sum() / 2
            return float(value), np.asarray(table.T @ (chances - target) + free * weights).ravel()

        start = np.zeros(len(names) * len(STANCES))
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 150})
        weights = np.round(found.x.reshape(len(names), -1), 4)
        return cls({name: tuple(weights[at].tolist()) for at, name in enumerate(names)}, True)


def features(one: StanceText) -> dict[str, float]:
    """Return the features of a text with their amounts; words together count 1."""
    plain = re.sub(r"https?://\S+|@\w+", "", one.text.lower())
    words = _WORD.findall(plain)
    asks = "?" in plain or "？" in plain or plain.rstrip().endswith(("吗", "呢"))
    names = {"bias", "root" if one.depth == 0 else "answer", f"depth {min(one.depth, 4)}"}
    if asks:
        names.add("?")
        if plain.strip().endswith(("?", "？", "吗", "呢")):
            names.add("? last")
    if "!" in plain or "！" in plain:
        names.add("!")
    for cue, pattern in _FOUND.items():
        if pattern.search(plain):
            names.add(cue)
    if asks and "ask" in names:
        names.add("ask?")
    if words and words[0] in _STARTS:
        names.add("starts" + "?" * asks)
    if "http" in one.text:
        names.add("link")
    if sum(word.isupper() for word in re.findall(r"[A-Za-z]{3,}", one.text)) > 2:
        names.add("capitals")
    names.add(f"length {min(len(words) // 4, 6)}")
    if one.depth and words:
        common = set(words) & set(_WORD.findall(one.root.lower()))
        names.add(f"like the root {int(4 * len(common) / len(set(words)))}")
    found = dict.fromkeys(names, 1.0)
    terms = {f"w {word}" for word in words}
    terms |= {f"w {word} {after}" for word, after in zip(words, words[1:], strict=False)}
    share = 1 / np.sqrt(max(len(terms), 1))
    return found | dict.fromkeys(terms, float(share))


def _table(rows: Sequence[dict[str, float]], place: dict[str, int]) -> sp.csr_matrix:
    entries = [
        (row, place[name], amount)
        for row, own in enumerate(rows)
        for name, amount in own.items()
        if name in place
    ]
    at, column, amount = zip(*entries, strict=True)
    return sp.csr_matrix((amount, (at, column)), shape=(len(rows), len(place)))


def _softmax(scores: Values) -> Values:
    powers = np.exp(scores - scores.max(1, keepdims=True, initial=-1e30))
    return np.asarray(powers / powers.sum(1, keepdims=True), np.float64)
