"""Table of event kinds: names, synonyms, weights, and the kinds that undo them.

A kind is recognised whatever its capitals, hyphens, blanks and underscores are: `thumbsUp`,
`thumbs-up` and `THUMBS_UP` are one. What is stored stays as it came.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from types import MappingProxyType

from recsys.data.chinese_simplification import simplified_name

RATING = "rating"  # the kind whose value stands on a scale
NEAR = 0.72  # similarity (difflib's ratio) from which a known name is proposed for an unknown one
_JOINTS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class EventKind:
    """A row of the table."""

    name: str
    weight: float  # how much it says that a user wants more of the same; negative: less
    explicit: bool = True  # states a liking or a dislike; False: something done in passing
    synonyms: tuple[str, ...] = ()  # other names of the same
    withdrawn_by: tuple[str, ...] = ()  # names that take it back, beside those of `_REVERSED`
    partial: bool = False  # a value from 0 to 1 is the share of the item that was taken in
    remark: bool = False  # somebody wrote something: whether in favour, only the words say


_PARTIAL = frozenset({"view", "read", "play", "watch", "stream"})  # and listen, see TABLE


def _passing(name: str, weight: float, *synonyms: str) -> EventKind:
    return EventKind(name, weight, False, synonyms, partial=name in _PARTIAL)


# What happens on the way (nobody says yes or no by scrolling) is worth less than a decision.
# `visit`, `listen`, `purchase` and a rating without a value weigh 1: the figures of RESULTS.md.
TABLE: tuple[EventKind, ...] = (
    _passing(
        "impression",
        0.0,
        "shown",
        "show",
        "displayed",
        "exposure",
        "exposed",
        "曝光",
        "展示",
        "展现",
    ),
    _passing(
        "view",
        0.5,
        "viewed",
        "page_view",
        "detail_page_view",
        "view_item",
        "pv",
        "open",
        "screen_view",
        "浏览",
        "查看",
        "打开",
    ),
    _passing(
        "read",
        0.7,
        "reading",
        "article_read",
        "read_complete",
        "read_completed",
        "阅读",
        "已读",
        "读完",
    ),
    _passing("click", 0.7, "clicked", "tap", "点击", "单击"),
    _passing("play", 0.7, "played", "media_play", "play_start", "play_started", "播放"),
    _passing(
        "watch",
        0.7,
        "watched",
        "complete",
        "completed",
        "finish",
        "finished",
        "观看",
        "看完",
        "完播",
        "播完",
    ),
    _passing("stream", 0.7, "streamed"),
    _passing("visit", 1.0, "visited", "check_in", "访问"),
    EventKind("listen", 1.0, True, ("listened", "scrobble", "收听", "听"), partial=True),
    EventKind("download", 1.0, True, ("downloaded", "install", "下载", "安装")),
    EventKind(
        "purchase",
        1.0,
        True,
        (
            "purchased",
            "buy",
            "bought",
            "order",
            "ordered",
            "checkout",
            "purchase_complete",
            "completed_purchase",
            "order_completed",
            "transaction",
            "rent",
            "rented",
            "booked",
            "reserve",
            "reserved",
            "applied",
            "购买",
            "下单",
            "支付",
            "付款",
            "成交",
        ),
        ("refund", "refunded", "return", "returned", "退款", "退货"),
    ),
    EventKind(
        "add_to_cart",
        1.0,
        True,
        ("cart", "added_to_cart", "add_to_basket", "basket", "加购", "加入购物车"),
        ("remove_from_cart", "removed_from_cart", "remove_from_basket"),
    ),
    EventKind(
        "wishlist",
        1.3,
        True,
        ("add_to_wishlist", "wish", "wishlisted", "想看", "想读", "想要", "心愿单"),
        ("remove_from_wishlist", "removed_from_wishlist"),
    ),
    EventKind(
        "save",
        1.3,
        True,
        ("saved", "save_for_later", "pin", "pinned", "collect", "收藏", "加入收藏"),
    ),
    EventKind("bookmark", 1.3, True, ("bookmarked",)),
    EventKind(
        "favorite",
        1.3,
        True,
        ("favourite", "fav", "favorited", "favourited", "add_to_favorites", "add_to_favourites"),
        ("remove_from_favorites", "remove_from_favourites"),
    ),
    EventKind("star", 1.0, True, ("starred",)),
    EventKind(
        "like",
        1.0,
        True,
        (
            "liked",
            "has_liked",
            "user_liked",
            "heart",
            "clap",
            "claps",
            "kudos",
            "swipe_right",
            "👍",
            "❤",
            "❤️",
            "点赞",
            "赞",
            "按赞",
            "喜欢",
        ),
    ),
    EventKind(
        "love", 1.3, True, ("loved", "tip", "donate", "打赏", "赞赏", "投币", "一键三连", "三连")
    ),
    EventKind("upvote", 1.0, True, ("upvoted", "vote_up", "up_vote", "赞同", "顶")),
    EventKind("thumbs_up", 1.0, True, ("thumb_up",)),
    EventKind("share", 1.5, True, ("shared", "分享")),
    EventKind(
        "repost",
        1.5,
        True,
        ("reposted", "retweet", "reblog", "reshare", "quote", "announce", "转发", "转载"),
    ),
    EventKind("forward", 1.5, True, ("forwarded",)),
    EventKind("reply", 1.2, True, ("replied", "回复", "回帖", "跟帖"), remark=True),
    EventKind("comment", 1.2, True, ("commented", "评论", "留言", "弹幕"), remark=True),
    EventKind(
        "subscribe", 1.5, True, ("subscribed", "join", "joined", "enroll", "enrolled", "订阅")
    ),
    EventKind("follow", 1.5, True, ("followed", "关注"), ("取关",)),
    EventKind(RATING, 1.0, True, ("rate", "rated", "stars", "score", "review", "评分", "打分")),
    EventKind(
        "skip",
        -0.5,
        False,
        ("skipped", "ignore", "ignored", "swipe_left", "跳过", "划走", "滑过", "快速划过"),
    ),
    EventKind("hide", -1.0, True, ("hidden", "dismiss", "dismissed", "隐藏")),
    EventKind("dislike", -1.0, True, ("disliked", "hate", "hated", "👎", "不喜欢", "踩", "点踩")),
    EventKind("downvote", -1.0, True, ("downvoted", "vote_down", "down_vote", "反对")),
    EventKind("thumbs_down", -1.0, True, ("thumb_down",)),
    EventKind(
        "not_interested",
        -1.0,
        True,
        (
            "uninterested",
            "not_interesting",
            "see_less",
            "show_less",
            "less_like_this",
            "不感兴趣",
            "没兴趣",
        ),
    ),
    EventKind("mute", -1.0, True, ("muted",)),
    EventKind("block", -2.0, True, ("blocked", "屏蔽", "拉黑")),
    EventKind("report", -2.0, True, ("reported", "flag", "举报", "投诉")),
)
# What a name may begin or end with that takes the rest of it back: unlike, removeUpvote.
_REVERSED = (
    ("un", ""),
    ("remove", ""),
    ("undo", ""),
    ("cancel", ""),
    ("delete", ""),
    ("取消", ""),
    ("", "removed"),
    ("", "deleted"),
    ("", "undone"),
    ("", "cancelled"),
    ("", "canceled"),
)

# nouns beside the name of a kind that add nothing to it: video_watched, likePost, 浏览文章
_NOUNS = tuple(
    """
    item content article post video movie film product song track book story episode podcast
    page recipe lesson course photo image game thread document news 内容 文章 帖子 视频 商品
    产品 作品 新闻 资讯 微博 笔记 动态 电影 歌曲 图书 课程 节目 物品
    """.split()
)

# verbs beside the noun of a kind that add nothing to it: COMMENT CREATED, add_like, order_placed
_VERBS_AFTER = tuple(
    """
    created added posted submitted sent given made placed written
    """.split()
)
_VERBS_BEFORE = tuple(
    """
    create created add added post posted submit submitted send sent give gave make made place
    placed write wrote leave left new
    """.split()
)

KIND_WEIGHTS: Mapping[str, float] = MappingProxyType({kind.name: kind.weight for kind in TABLE})


@lru_cache(maxsize=10_000)
def fold(name: str) -> str:
    """Return the form by which names of kinds are compared: small letters and digits only."""
    small = simplified_name(unicodedata.normalize("NFKC", name)).casefold()
    return _JOINTS.sub("", small) or small


def reversals(folded: str) -> list[str]:
    """Return the folded names that take back a kind of this folded name."""
    return [before + folded + after for before, after in _REVERSED]


def _reversing() -> dict[str, EventKind]:
    found: dict[str, EventKind] = {}
    for name, kind in _BY_NAME.items():
        if kind.weight:
            found |= dict.fromkeys(reversals(name), kind)
    found |= {fold(name): kind for kind in TABLE for name in kind.withdrawn_by}
    return {name: kind for name, kind in found.items() if name not in _BY_NAME}


_BY_NAME: Mapping[str, EventKind] = {
    fold(name): kind for kind in TABLE for name in (kind.name, *kind.synonyms)
}
_BY_REVERSAL: Mapping[str, EventKind] = _reversing()  # folded names of what withdraws
_SPELT = {  # names to propose, by their folded form
    **{fold("un" + kind.name): "un" + kind.name for kind in TABLE if kind.weight},
    **{fold(name): name for kind in TABLE for name in kind.withdrawn_by},
    **{folded: kind.name for folded, kind in _BY_NAME.items()},
}


def find(name: str) -> EventKind | None:
    """Return the row that a name or synonym belongs to; None when the table has none."""
    return _known(fold(name), _BY_NAME)


def withdrawn_by(name: str) -> EventKind | None:
    """Return the kind that a name takes back, as `unlike` does `like`; None for any other name."""
    return _known(fold(name), _BY_REVERSAL)


def _known(folded: str, table: Mapping[str, EventKind]) -> EventKind | None:
    """Return the row of a folded name, else of what is left of it.

    That is without a noun for an item (`likePost`), or a verb of making (`comment created`).
    """
    if folded in table:
        return table[folded]
    if folded in _BY_NAME or folded in _BY_REVERSAL:
        return None
    for noun in _NOUNS:
        for rest in (folded.removesuffix(noun), folded.removeprefix(noun)):
            if rest != folded and rest in table:
                return table[rest]
    rests = [folded.removesuffix(verb) for verb in _VERBS_AFTER]
    rests += [folded.removeprefix(verb) for verb in _VERBS_BEFORE]
    return next((table[rest] for rest in rests if rest != folded and rest in table), None)


def nearest(name: str, named: Iterable[str] = ()) -> str | None:
    """Return the known kind whose name is most like this one; None when none is near.

    `named`: further known names, such as those of the settings.
    """
    known = {**{fold(one): one for one in named}, **_SPELT}
    found = get_close_matches(fold(name)[:64], known, n=1, cutoff=NEAR)
    return known[found[0]] if found else None
