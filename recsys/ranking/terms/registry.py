"""Registry of score terms, in the order in which they are added."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from recsys.entry_points import call_entry_points
from recsys.ranking.terms.control_boosts import Controls
from recsys.ranking.terms.dislike_share import DislikeShare
from recsys.ranking.terms.factors import FactorTerm
from recsys.ranking.terms.flag_penalty import FlagPenalty
from recsys.ranking.terms.item_age import ItemAge
from recsys.ranking.terms.item_feature_base import ItemFeatureTerm
from recsys.ranking.terms.label_affinity import AuthorAffinity, CategoryAffinity
from recsys.ranking.terms.like_rate import LikeRate
from recsys.ranking.terms.neighbours import NEIGHBOURS
from recsys.ranking.terms.personal_rating import PersonalRating
from recsys.ranking.terms.popularity import Popularity
from recsys.ranking.terms.protocol import ScoreTerm
from recsys.ranking.terms.query_text import QueryText
from recsys.ranking.terms.repeat_consumption import Repeats
from recsys.ranking.terms.single_weight_base import LinearTerm
from recsys.ranking.terms.social import (
    AlikeFollowees,
    CloseFollowees,
    FollowedAuthors,
    Followees,
    Followers,
    MutualFollows,
    RecentFollowees,
    SecondHop,
    SocialTerm,
)
from recsys.ranking.terms.text import Text
from recsys.ranking.terms.trend_boost import TrendBoost
from recsys.ranking.terms.user_acts_since_release import ExposureAge

ENTRY_POINTS = "recsys.score_terms"  # group of other packages' terms

TERMS: list[ScoreTerm] = [
    Popularity(),
    LikeRate(),
    DislikeShare(),
    NEIGHBOURS,
    ExposureAge(),
    ItemAge(),
    CategoryAffinity(),
    AuthorAffinity(),
    FollowedAuthors(),
    Followees(),
    CloseFollowees(),
    MutualFollows(),
    AlikeFollowees(),
    RecentFollowees(),
    Followers(),
    SecondHop(),
    FactorTerm(),
    Text(),
    PersonalRating(),
    QueryText(),
    FlagPenalty(),
    Controls(),
    TrendBoost(),
    Repeats(),  # last: it reads the scores of all others
]


def register(term: ScoreTerm) -> None:
    """Add a score term before the repeats, which read all others.

    ValueError for a name that is taken. A term has to be registered before models are tuned,
    loaded or served.
    """
    if any(one.name == term.name for one in TERMS):
        raise ValueError(f"a score term named {term.name!r} is registered already")
    TERMS.insert(len(TERMS) - 1, term)
    for kept in (gbdt_names, sources):
        kept.cache_clear()


@cache
def load_terms() -> None:
    """Call the registering functions of installed packages, once per process.

    An entry point of the group `recsys.score_terms` names a function without arguments that calls
    `register`. DataError names the one that fails.
    """
    call_entry_points(ENTRY_POINTS)


def feature_names() -> tuple[str, ...]:
    """Return the names of all item features, in the order of the terms."""
    return tuple(name for term in TERMS for name in term.feature_names())


def item_feature_terms() -> list[ItemFeatureTerm]:
    """Return the terms that are linear in item features."""
    return [term for term in TERMS if isinstance(term, ItemFeatureTerm)]


def linear_terms() -> list[LinearTerm]:
    """Return the optional terms of one weight."""
    return [term for term in TERMS if isinstance(term, LinearTerm)]


def item_linear_names() -> tuple[str, ...]:
    """Return the names of the optional terms whose values belong to items."""
    return tuple(term.name for term in linear_terms() if term.of_items)


def social_terms() -> list[SocialTerm]:
    """Return the terms that read follows."""
    return [term for term in TERMS if isinstance(term, SocialTerm)]


@cache
def gbdt_names() -> tuple[str, ...]:
    """Return what the trees read of all terms, in the order of the terms."""
    return tuple(name for term in TERMS for name in term.gbdt_names)


@cache
def sources() -> Mapping[str, str]:
    """Return the source of a recommendation for each kind of reason."""
    return MappingProxyType(
        {kind: source for term in TERMS for kind, source in term.sources.items()}
    )
