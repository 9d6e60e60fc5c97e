"""Attack scenarios: events of fake accounts that promote or demote an item.

Push and nuke attacks with fillers follow Mobasher et al., "Toward trustworthy recommender systems"
(2007): average, bandwagon, segment, love/hate. Floods and drips are those of click fraud.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

FILLERS = 20  # items that an account acts on beside the target
BURST = 1_800.0  # seconds
POPULAR = 50  # items that a bandwagon attack takes its fillers from
CLICKS, LIKES = 1_000, 50  # of one account
FEW, FIVE = 20, 5  # accounts of small groups


class Planted(NamedTuple):
    """An event of an attack."""

    user: str
    item: str
    event: str
    time: float  # Unix seconds


@dataclass(frozen=True, slots=True)
class Scene:
    """What an attack knows of the platform."""

    target: str  # item id
    accounts: int  # 1 % of the users
    end: float  # Unix seconds: the last event of the attack is earlier
    week: float  # seconds before `end` in which drips lie
    items: Sequence[str]  # that somebody has taken up, the most popular first
    segment: Sequence[str]  # items that the same users take up
    first_acts: Sequence[
        tuple[str, bool]
    ]  # recent first acts on an item: user, first of the account
    rng: np.random.Generator

    def times(self, count: int, seconds: float = BURST) -> list[float]:
        """Return random moments of the last seconds, ascending."""
        found: list[float] = np.sort(self.end - seconds * self.rng.random(count)).tolist()
        return found

    def drawn(self, items: Sequence[str], count: int = FILLERS) -> list[str]:
        """Return distinct random items other than the target."""
        others = [item for item in items if item != self.target]
        return list(self.rng.permutation(others)[:count])


Attack = Callable[[Scene], list[Planted]]


def _group(
    scene: Scene,
    event: str = "like",
    fillers: Callable[[Scene], Sequence[str]] = lambda scene: (),
    of_fillers: str = "like",
    seconds: float = BURST,
    accounts: int | None = None,
) -> list[Planted]:
    """Return one act on the target by each new account, its fillers in the minute before."""
    found = []
    for number, time in enumerate(scene.times(accounts or scene.accounts, seconds)):
        user, before = f"fake-{scene.target}-{number}", fillers(scene)
        found += [
            Planted(user, item, of_fillers, time - 3.0 * (len(before) - place))
            for place, item in enumerate(before)
        ]
        found.append(Planted(user, scene.target, event, time))
    return found


def _average(scene: Scene) -> Sequence[str]:
    return scene.drawn(scene.items)


def _bandwagon(scene: Scene) -> Sequence[str]:
    return scene.drawn(scene.items[:POPULAR])


def _segment(scene: Scene) -> Sequence[str]:
    return scene.drawn(scene.segment)


def _flood(scene: Scene, event: str, count: int) -> list[Planted]:
    return [Planted(f"fake-{scene.target}", scene.target, event, t) for t in scene.times(count)]


def _known(scene: Scene, event: str) -> list[Planted]:
    """Return one act on the target by each of five accounts that have been active before."""
    users = dict.fromkeys(user for user, new in scene.first_acts if not new)
    order = scene.rng.permutation(np.array([*users]))[:FIVE].tolist()
    times = scene.times(len(order))
    return [Planted(u, scene.target, event, t) for u, t in zip(order, times, strict=True)]


def real_burst(scene: Scene) -> list[Planted]:
    """Return likes by independent accounts: drawn like the platform's own recent first acts.

    A first act that was its account's first act is one of a new account; any other is one of the
    account itself.
    """
    order = scene.rng.permutation(len(scene.first_acts)).tolist()
    users: dict[str, None] = {}
    for place in order:
        user, new = scene.first_acts[place]
        users.setdefault(f"new-{scene.target}-{place}" if new else user)
        if len(users) == scene.accounts:
            break
    times = scene.times(len(users))
    return [Planted(u, scene.target, "like", t) for u, t in zip(users, times, strict=True)]


def fillers_of_others(scene: Scene) -> list[Planted]:
    """Return the fillers of an average attack as acts of independent users, one each.

    What a nuked item loses to them it loses to traffic: other items rise. Users act again where
    there are fewer of them than fillers.
    """
    acts = [one for one in _group(scene, fillers=_average) if one.item != scene.target]
    users = [*dict.fromkeys(user for user, _ in scene.first_acts)]
    order = scene.rng.permutation(len(users)).tolist()
    return [one._replace(user=users[order[place % len(order)]]) for place, one in enumerate(acts)]


PUSH: Mapping[str, Attack] = {
    "one account, 50 likes": lambda scene: _flood(scene, "like", LIKES),
    "click flood, one account": lambda scene: _flood(scene, "click", CLICKS),
    "5 accounts, half an hour": lambda scene: _group(scene, accounts=FIVE),
    "5 known accounts": lambda scene: _known(scene, "like"),
    "20 accounts, half an hour": lambda scene: _group(scene, accounts=FEW),
    "push, half an hour": _group,
    "average": lambda scene: _group(scene, fillers=_average),
    "bandwagon": lambda scene: _group(scene, fillers=_bandwagon),
    "segment": lambda scene: _group(scene, fillers=_segment),
    "love/hate": lambda scene: _group(scene, fillers=_average, of_fillers="dislike"),
    "slow drip, a week": lambda scene: _group(scene, seconds=scene.week),
    "slow drip, fillers": lambda scene: _group(scene, fillers=_average, seconds=scene.week),
}
NUKE: Mapping[str, Attack] = {
    "nuke, half an hour": lambda scene: _group(scene, "dislike"),
    "nuke, average": lambda scene: _group(scene, "dislike", fillers=_average),
    "nuke, 5 accounts": lambda scene: _group(scene, "dislike", accounts=FIVE),
    "nuke, 5 known accounts": lambda scene: _known(scene, "dislike"),
    "nuke, slow drip": lambda scene: _group(scene, "dislike", seconds=scene.week),
    "nuke by likes": _group,  # that make honest likes look like part of an attack
}
REAL = "a real burst"
TRAFFIC = "fillers of others"  # the control of a nuke with fillers
ATTACKS: Mapping[str, Attack] = {**PUSH, **NUKE, TRAFFIC: fillers_of_others, REAL: real_burst}
