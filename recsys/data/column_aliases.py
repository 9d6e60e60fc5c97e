"""Column aliases: names of columns in files of other systems, and our column for each.

One table for all formats (`OTHER_NAMES`; docs/formats.md shows it). Names are compared without
case, blanks, underscores and hyphens. A column's own name goes before another name; two other
names for one column are refused, because a guess would be wrong in silence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from recsys.data.records import (
    COMPLETION_COLUMNS,
    EVENT_COLUMNS,
    FOLLOW_COLUMNS,
    ITEM_COLUMNS,
    USER_COLUMNS,
)
from recsys.data.traditional_signs import simplified_name
from recsys.errors import DataError

# names that say exactly what a column is; the report shows the column and passes over the name
SAME = {
    "events": {"rating": "value", "event_type": "event", "event_name": "event"},
}
_CHINESE_NUMBERS = ("id", "编号", "号", "标识", "编码")
_CHINESE_ITEMS = (
    "物品", "内容", "文章", "帖子", "视频", "商品", "产品", "作品", "新闻", "资讯", "微博", "笔记",
    "动态", "电影", "影片", "歌曲", "音乐", "图书", "书籍", "课程", "节目", "问题", "话题",
    "游戏", "短视频",
)  # fmt: skip
_CHINESE_USERS = (
    "用户",
    "会员",
    "访客",
    "读者",
    "观众",
    "账号",
    "账户",
    "顾客",
    "客户",
    "学员",
    "买家",
)
_ITEM_ID = (
    "item", "content_id", "article_id", "post_id", "movie_id", "film_id", "video_id", "product_id",
    "news_id", "asin", "isbn", "book_id", "song_id", "track_id", "artist_id", "story_id", "doc_id",
    "document_id", "page_id", "object_id", "statement_id", "listing_id", "recipe_id", "sku",
    "business_id", "question_id", "podcast_id", "episode_id", "game_id", "thread_id", "course_id",
    "id_str", "物品", *(noun + ending for noun in _CHINESE_ITEMS for ending in _CHINESE_NUMBERS),
)  # fmt: skip
_USER_ID = (
    "user", "uid", "visitor_id", "visitor", "member_id", "customer_id", "client_id", "reader_id",
    "account_id", "profile_id", "person_id", "reviewer_id", "viewer_id", "subscriber_id",
    "student_id", "learner_id", "listener_id", "player_id", "buyer_id", "shopper_id", "guest_id",
    "patron_id", "employee_id", "rater_id", "critic_id", "consumer_id",
    "customer_unique_id", "user_pseudo_id", "voter_id", "distinct_id", "actor", "actor_id", "用户",
    *(noun + ending for noun in _CHINESE_USERS for ending in _CHINESE_NUMBERS),
)  # fmt: skip
_TIME = (
    "ts", "time", "created", "created_at", "date", "datetime", "date_time", "event_time",
    "event_date", "event_timestamp", "occurred_at", "unix_review_time", "created_utc",
    "timestamp_ms", "ts_ms", "creation_timestamp", "logged_at", "rated_at", "watched_at", "at",
    "时间", "时间戳", "毫秒时间戳", "日期", "行为时间", "行为日期", "发生时间", "操作时间",
    "事件时间",
    "点击时间", "浏览时间", "播放时间", "观看时间", "评分时间", "评论时间",
)  # fmt: skip
_COMPLETION = (
    "completion_rate", "completion_ratio", "watch_ratio", "watched_ratio", "play_ratio",
    "listen_ratio", "read_ratio", "view_ratio", "progress", "watch_progress", "play_progress",
    "read_progress", "完播率", "播放进度", "观看进度", "阅读进度", "播放比例", "观看比例",
)  # fmt: skip
_PERCENT = (
    "percent", "scroll_percentage", "scroll_percent", "percent_complete", "percent_completed",
    "completed_percent", "percent_watched",
    "watched_percent", "watch_percent", "percent_played", "played_percent", "percent_viewed",
    "percent_read", "read_percent", "percent_listened", "progress_percent", "percent_progress",
    "watch_percentage", "percentage_watched", "view_percentage", "completion_percentage",
    "progress_percentage", "观看百分比", "播放百分比", "完成百分比",
)  # fmt: skip
_CREATED = (
    "created", "published", "first_published", "date_gmt", "published_at", "pub_date",
    "publish_date", "published_date", "publication_date", "date_published", "publish_time",
    "created_on", "creation_date", "created_time", "release_date", "posted_at", "upload_date",
    "date_created", "date", "datetime", "timestamp", "time", "发布时间", "发表时间", "创建时间",
    "上架时间", "发布日期", "发表日期", "创建日期", "上映日期", "上传时间",
)  # fmt: skip
# nouns for items; with each of the endings of _PARTS they name a column: post_title, Book-Author
_NOUNS = (
    "item", "content", "article", "post", "video", "movie", "film", "product", "news", "book",
    "song", "track", "story", "document", "page", "recipe", "game", "course", "lesson", "episode",
)  # fmt: skip
_RATED = (*_NOUNS, "restaurant", "hotel", "beer", "anime", "album", "reader", "customer")
_PARTS: Mapping[str, Sequence[str]] = {  # the strongest first
    "title": ("title", "headline"),
    "text": ("body", "content", "text", "description", "abstract", "summary", "overview"),
    "tags": ("tags", "keywords", "genres"),
    "category": ("category", "section", "genre"),
    "author_id": ("author_id", "author", "creator", "writer"),
    "created_at": ("published_at", "published", "created_at", "date", "release_date"),
    "url": ("url", "link"),
}
OTHER_NAMES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "events": {
        "user_id": _USER_ID,
        "item_id": _ITEM_ID,
        "event": (
            "action", "action_type", "verb", "interaction", "interaction_type", "feedback_type",
            "behavior", "behaviour", "behavior_type", "behaviour_type", "event_kind", "activity",
            "行为", "行为类型", "事件", "动作", "操作",
        ),
        "value": (
            "stars", "star_rating", "score", "overall", "event_value", "review_score",
            "feedback_value", "rating_value", "user_rating", "my_rating",
            *(noun + "_rating" for noun in _RATED), "评分", "分数", "打分",
        ),
        "completion": _COMPLETION,
        "completion_percent": _PERCENT,
        "text": (
            "comment", "comment_text", "review", "review_text", "body", "content", "message",
            "评论", "评论内容", "留言",
        ),
        "timestamp": _TIME,
        "shared_from": (
            "shared_from_user", "shared_from_user_id", "retweeted_from", "reposted_from",
            "via_user", "转发自", "分享自",
        ),
    },
    "items": {
        "item_id": _ITEM_ID,
        "title": (
            "name", "headline", "subject", "item_name", "product_name", "article_title",
            "movie_title", "book_title", "movie_name", "film_name", "book_name", "song_name",
            "track_name", "game_name", "course_name", "recipe_name", "标题", "题目", "名称",
            *(noun + ending for noun in _CHINESE_ITEMS for ending in ("标题", "名称")),
        ),
        "text": (
            "body", "content", "description", "article_text", "body_text", "full_text", "article",
            "abstract", "summary", "overview", "plot", "synopsis", "body_html", "正文",
            "内容", "摘要", "简介",
        ),
        "tags": (
            "tag", "genre", "genres", "labels", "keywords", "hashtags", "categories", "标签",
            "关键词",
        ),
        "category": (
            "section", "channel", "rubric", "category_name", "main_category", "section_name",
            "分类", "类别", "栏目", "频道",
        ),
        "author_id": (
            "author", "creator", "author_name", "byline", "writer", "creator_id", "dc:creator",
            "作者", "作者id",
            "作者编号", "up主", "博主", "主播", "创作者", "发布者",
        ),
        "created_at": _CREATED,
        "url": (
            "link", "permalink", "uri", "href", "item_url", "web_url", "canonical_url", "链接",
            "网址",
        ),
        "available_from": ("valid_from", "available_at"),
        "expires_at": ("valid_until", "available_until", "expiry_date", "expiration_date"),
        "parent_id": (
            "in_reply_to", "in_reply_to_id", "reply_to", "reply_to_id", "parent_item_id", "父级id",
            "回复的id",
        ),
    },
    "users": {
        "user_id": _USER_ID,
        "name": (
            "username", "display_name", "full_name", "screen_name", "nickname", "昵称", "姓名",
        ),
        "interests": ("interest", "topics", "tags", "favorites", "favourites", "兴趣", "兴趣标签"),
        "language": ("lang", "locale", "语言"),
    },
    "follows": {
        "user_id": ("follower", "follower_id", "follower_user_id", "from_user_id",
                    "from_user", "粉丝", "关注者", *_USER_ID),
        "author_id": ("author", "creator", "creator_id", "作者", "作者id"),
        "followed_user_id": (
            "followed", "followed_id", "followee", "followee_id", "following", "following_id",
            "followed_user", "followee_user_id", "to_user_id", "to_user", "target_user_id",
            "target_user",
            "被关注用户", "被关注者",
        ),
    },
}  # fmt: skip
_MAILS = ("email", "email_address", "user_email", "customer_email", "member_email")
_CHINESE_NAMES = ("用户名", "用户名称", "用户昵称", "昵称", "账号", "账户")
# taken where nothing else names the column: alone they say little
WEAK_NAMES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "events": {
        "user_id": (
            "username",
            "user_name",
            "member",
            "account",
            "customer",
            *_MAILS,
            *_CHINESE_NAMES,
        ),
        "item_id": (
            "article",
            "post",
            "movie",
            "film",
            "video",
            "product",
            "news",
            "book",
            "song",
            "track",
            "story",
            "document",
            "page",
            "statement",
            "game",
            "thread",
            "recipe",
            *_CHINESE_ITEMS,
        ),
        "event": ("kind", "type", "类型"),
        "timestamp": ("when", "clicked_at", "viewed_at", "read_at", "happened_at"),
    },
    "items": {"item_id": ("id",)},
    "users": {"user_id": ("id",)},
    "follows": {},
}

NESTED = 4  # rank of a name by its last parts: `properties.videoId` for `videoId`
LAST = 8  # rank of a name that is an id only where nothing else is
OBJECT = 9  # rank of an object as a whole, which is then refused as a value
# nested objects that describe the request, not the act: their fields are known by full name alone
_SURROUNDINGS = frozenset(
    {
        "context", "device", "app", "library", "geo", "integrations", "traits", "campaign",
        "session", "os", "screen", "network", "page", "useragent", "request", "headers", "location",
        "browser", "client", "options", "privacyinfo", "trafficsource", "appinfo", "links",
    }
)  # fmt: skip
_TIMES = ("timestamp", "created_at")
_ONLY_OWN_NAME = frozenset({"text"})  # columns of events that the last part of a name never is

_TITLES = ("title", "name", "headline", "标题", "名称")
# small letters need a sign before them: `paid` and `grid` are no ids
_ID_NAME = re.compile(r"(.+?)(?:[ _.-]*(?:ID|Id)|[ _.-]+id|[ _]*(?:编号|标识|编码))")


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of one kind of file."""

    required: tuple[str, ...]
    columns: tuple[str, ...]
    others: Mapping[str, tuple[str, float]] = field(default_factory=dict)  # name -> column, rank
    extra: bool = False  # whether unknown columns are kept, as metadata

    @classmethod
    def needing(cls, *required: str) -> Shape:
        """Return the shape of a file of which only some columns matter, under their own names."""
        return cls(required, required, extra=True)

    @classmethod
    def of(cls, kind: str) -> Shape:
        """Return the shape of a file of items, events, users or follows."""
        required, columns = _COLUMNS[kind]
        others = {_plain(name): (column, 1.0) for name, column in SAME.get(kind, {}).items()}
        if kind == "items":
            others |= {_plain(name): ("item_id", LAST) for name in ("guid", "handle", "slug")}
            others |= _noun_parts()
        for rank, names in ((2.0, OTHER_NAMES[kind]), (3.0, WEAK_NAMES[kind])):
            for column, known in names.items():
                others |= {_plain(name): (column, rank) for name in known}
        return cls(required, columns, others, kind == "items")


COLUMNS = tuple(
    dict.fromkeys(
        (*EVENT_COLUMNS, *COMPLETION_COLUMNS, *ITEM_COLUMNS, *USER_COLUMNS, *FOLLOW_COLUMNS)
    )
)  # of all kinds of files
_COLUMNS = {
    "items": (("item_id",), ITEM_COLUMNS),
    "events": (("user_id", "item_id"), (*EVENT_COLUMNS, *COMPLETION_COLUMNS)),
    "users": (("user_id",), USER_COLUMNS),
    "follows": (("user_id",), FOLLOW_COLUMNS),
}


@dataclass(frozen=True, slots=True)
class Naming:
    """What each name of a header stands for."""

    targets: tuple[str, ...]  # a column, or the name itself; empty: passed over
    renamed: Mapping[str, str]  # name in the file -> column
    unused: tuple[str, ...]  # names that are passed over
    kept: tuple[str, ...]  # names that become metadata
    names: tuple[str, ...]  # of the header, in the order of the file
    opened: frozenset[str] = (
        frozenset()
    )  # nested objects that are kept and of which fields are read

    @property
    def columns(self) -> tuple[str, ...]:
        """What is read, in the order of the file."""
        skipped = {"", *self.unused, *self.kept}
        return tuple(name for name in self.targets if name not in skipped)


def named(
    header: Sequence[str],
    shape: Shape,
    given: Mapping[str, str],
    containers: frozenset[str] = frozenset(),
) -> Naming:
    """Return what the names of a header stand for; DataError when two names claim one column.

    `given`: column -> name in the file, from the option --map; an empty name: no column is it.
    `containers`: names of nested objects, whose fields have dotted names of their own. One without
    a field that is read is metadata as a whole, or unused as a whole.
    """
    names = [clean_name(name) for name in header]
    claims = _claims(names, shape, given, containers)
    taken = {places[0]: column for column, places in claims.items()}
    off = {column for column, name in given.items() if not name}
    targets: list[str] = []
    renamed, unused, kept = {}, [], []
    opened = {outer for place in taken for outer in _outer(names[place])}  # with a field in use
    for place, name in enumerate(names):
        column = taken.get(place)
        inside = not containers.isdisjoint(outers := _outer(name))
        if column is not None:
            targets.append(column)
            if name != column:
                renamed[name] = column
        elif not name or (inside and (shape.extra or not opened.issuperset(outers))):
            targets.append("")
        elif name in containers and name in opened and not shape.extra:
            targets.append("")
        elif shape.extra and name not in off and name not in shape.columns:
            targets.append(name)
            kept.append(name)
        else:
            targets.append("")
            unused.append(name)
    return Naming(
        tuple(targets),
        renamed,
        tuple(unused),
        tuple(kept),
        tuple(names),
        frozenset(opened & containers).intersection(kept),
    )


def _noun_parts() -> dict[str, tuple[str, float]]:
    """Return names such as `post_title` -> column, rank: a part that says more has a lower one."""
    return {
        _plain(f"{noun}_{part}"): (column, 3 + place / 10)
        for noun in _NOUNS
        for column, parts in _PARTS.items()
        for place, part in enumerate(parts)
    }


def _by_noun(names: Sequence[str], shape: Shape) -> Mapping[str, tuple[str, float]]:
    """Return further names of a header -> column, rank, by the noun for an item that it shows.

    A header without a known name for item_id whose only other name of an id is `lessonId` calls an
    item a lesson. Then `Lesson title` and `lesson_name` are titles.
    """
    if "item_id" not in shape.required:
        return {}
    found: dict[str, tuple[str, float]] = {}
    known = {_plain(column): column for column in shape.columns}
    known |= {plain: column for plain, (column, _) in shape.others.items()}
    nouns = {_plain(name): noun for name in names if (noun := _noun_of_id(name))}
    items = [plain for plain in nouns if known.get(plain) == "item_id"]
    if not items:
        items = [plain for plain, noun in nouns.items() if plain not in known | _NO_ITEMS]
        if len(items) == 1:
            found[items[0]] = ("item_id", NESTED + 1)
    if len(items) == 1 and "title" in shape.columns:
        found |= {nouns[items[0]] + ending: ("title", 1) for ending in _TITLES}
    plains = {_plain(name) for name in names}
    if "category" in shape.columns and any(
        known.get(p, found.get(p, ("",))[0]) == "title" for p in plains - {"subject"}
    ):
        found["subject"] = ("category", 3)  # alone it is the title of a message
    return found


def _noun_of_id(name: str) -> str:
    """Return the noun in a name such as `lessonId`, `Lesson ID` or `课时编号`; empty for others."""
    match = _ID_NAME.fullmatch(name)
    return _plain(match[1]) if match else ""


def _claims(
    names: Sequence[str], shape: Shape, given: Mapping[str, str], containers: frozenset[str]
) -> dict[str, list[int]]:
    """Return the place of each column, by the strongest of the names that stand for it."""
    found: dict[str, dict[float, list[int]]] = {}
    others = {**shape.others, **_by_noun(names, shape)}
    requested_columns = {_plain(name): column for column, name in given.items() if name}
    own = {_plain(column): column for column in shape.columns}
    nested = any("." in name for name in names)
    for place, name in enumerate(names):
        plain = _plain(name)
        column, rank = None, 0.0
        if plain in requested_columns and requested_columns[plain] in shape.columns:
            column, rank = requested_columns[plain], -2
        elif name in shape.columns:
            column, rank = name, -1
        elif plain in own:
            column = own[plain]
        elif plain in others:
            column, rank = others[plain]
        elif nested and "." in name:
            column, rank = _by_last_parts(name, shape, own), NESTED
        if name in containers:  # its fields say more than the object as a whole
            rank = OBJECT
        if column is not None and (rank == -2 or given.get(column, "?")):
            found.setdefault(column, {}).setdefault(rank, []).append(place)
    strongest = {column: ranks[min(ranks)] for column, ranks in found.items()}
    for column, places in strongest.items():
        if len(places) > 1:
            rivals = [names[place] for place in places]
            if column in _TIMES and (precise := _more_precise(rivals)) is not None:
                strongest[column] = [places[precise]]
                continue
            if len(set(rivals)) == 1:
                raise DataError(f"the header names {rivals[0]} more than once")
            result = " and ".join(map(repr, rivals))
            raise DataError(
                f"{result} may both be {column}: choose one with --map {column}={rivals[0]}"
            )
    return strongest


def _more_precise(names: Sequence[str]) -> int | None:
    """Return which of two names holds the same time more precisely; None where none says so.

    `event_timestamp` goes before `event_date`, `date_gmt` before `date`.
    """
    if len(names) != 2:
        return None
    plains = [_plain(name) for name in names]
    for place, other in ((0, 1), (1, 0)):
        if plains[place] == plains[other] + "gmt":
            return place
        stem = plains[place].removesuffix("timestamp")
        if stem and stem != plains[place] and plains[other] == stem + "date":
            return place
    return None


def _by_last_parts(name: str, shape: Shape, own: Mapping[str, str]) -> str | None:
    """Return the column that the last two parts, or the last, of a dotted name stand for."""
    parts = name.split(".")
    if not _SURROUNDINGS.isdisjoint(map(_plain, parts[:-1])):
        return None
    for count in (2, 1):
        plain = _plain(".".join(parts[-count:]))
        column = own.get(plain) or shape.others.get(plain, (None,))[0]
        if len(parts) > count and column is not None:
            return None if not shape.extra and column in _ONLY_OWN_NAME else column
    return None


def _outer(name: str) -> list[str]:
    """Return the names of the objects that a dotted name lies in: a and a.b of a.b.c."""
    places = [place for place, sign in enumerate(name) if sign == "."]
    return [name[:place] for place in places]


@lru_cache(maxsize=10_000)
def column_meant(kind: str, name: str) -> str:
    """Return the column of a kind of file that a name stands for in files; empty for none."""
    naming = named([name], Shape.of(kind), {})
    return naming.renamed.get(naming.names[0], "")


def says_the_same(name: str) -> bool:
    """Whether a name is one of SAME."""
    return _plain(name) in _SAME


def clean_name(name: str) -> str:
    """Return a name of a header without blanks, quotes and byte order marks around it."""
    text = unicodedata.normalize("NFC", name).strip(" \t\r\n\ufeff\u200b\u00a0")
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\"`"
    return text[1:-1].strip() if quoted else text


def _plain(name: str) -> str:
    folded = simplified_name(unicodedata.normalize("NFKC", name)).casefold()
    return "".join(sign for sign in folded if sign.isalnum())


_SAME = frozenset(_plain(name) for names in SAME.values() for name in names)
_NO_ITEMS = dict.fromkeys(
    _plain(f"{noun} id")
    for noun in (
        "session", "event", "message", "insert", "transaction", "order", "request", "log", "row",
        "record", "trace",
        "device", "author", "creator", "category", "parent", "brand", "seller", "shop", "store",
        "channel", "campaign", "cookie", "anonymous", "group", "tag", "topic", "user", "visit",
        "impression", "click", "rating", "review", "comment", "ad", "site", "tenant", "language",
        "country", "city", "section", "owner", "publisher", "source", "batch", "import", "external",
    )
)  # fmt: skip
