"""Column aliases: names of columns in files of other systems, and our column for each.

One table for all formats (`OTHER_NAMES`; docs/formats.md shows it); `recsys.data.header_naming`
applies it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# names that say exactly what a column is; the report shows the column and passes over the name
SAME = {
    "events": {"rating": "value", "event_type": "event", "event_name": "event"},
}
# codes that name an item where no other id does: shops write them beside the id of the product
CODE_NAMES = ("sku", "isbn", "asin")
# names taken before all other names of their column: records of products have the parent's id only
STRONG_NAMES = {"parent_asin": "item_id"}
_CHINESE_NUMBERS = ("id", "编号", "号", "标识", "编码")
_CHINESE_ITEMS = tuple(
    """
    物品 内容 文章 帖子 视频 商品 产品 作品 新闻 资讯 微博 笔记 动态 电影 影片 歌曲 音乐 图书
    书籍 课程 节目 问题 话题 游戏 短视频
    """.split()
)
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
    "网友",
)
_ITEM_ID = (
    *"""
    item content_id article_id post_id movie_id film_id video_id product_id news_id
    book_id song_id track_id artist_id story_id doc_id document_id page_id object_id
    statement_id listing_id recipe_id business_id question_id podcast_id episode_id game_id
    thread_id course_id id_str bvid comment_post_id 物品
    """.split(),
    *(noun + ending for noun in _CHINESE_ITEMS for ending in _CHINESE_NUMBERS),
)
_USER_ID = (
    *"""
    user uid visitor_id visitor member_id customer_id client_id reader_id account_id profile_id
    person_id reviewer_id viewer_id subscriber_id student_id learner_id listener_id player_id
    buyer_id shopper_id guest_id patron_id employee_id rater_id critic_id consumer_id
    customer_unique_id user_pseudo_id voter_id distinct_id actor actor_id acting_user_id 用户
    """.split(),
    *(noun + ending for noun in _CHINESE_USERS for ending in _CHINESE_NUMBERS),
)
_TIME = tuple(
    """
    ts time created created_at date datetime date_time event_time event_date event_timestamp
    occurred_at derived_tstamp unix_review_time created_utc timestamp_ms time_ms ts_ms
    creation_timestamp logged_at rated_at watched_at at 时间 时间戳 毫秒时间戳 日期 行为时间
    行为日期 发生时间 操作时间 事件时间 点击时间 浏览时间 播放时间 观看时间 评分时间 评论时间
    """.split()
)
_COMPLETION = tuple(
    """
    completion_rate completion_ratio watch_ratio watched_ratio play_ratio listen_ratio
    read_ratio view_ratio progress watch_progress play_progress read_progress 完播率 播放进度
    观看进度 阅读进度 播放比例 观看比例
    """.split()
)
_PERCENT = tuple(
    """
    percent scroll_percentage scroll_percent percent_complete percent_completed
    completed_percent percent_watched watched_percent watch_percent percent_played
    played_percent percent_viewed percent_read read_percent percent_listened progress_percent
    percent_progress watch_percentage percentage_watched view_percentage completion_percentage
    progress_percentage 观看百分比 播放百分比 完成百分比
    """.split()
)
_CREATED = tuple(
    """
    created published first_published date_gmt published_at pub_date publish_date published_date
    publication_date date_published publish_time created_on creation_date created_time
    release_date posted_at upload_date date_created date datetime timestamp time 发布时间
    发表时间 创建时间 上架时间 发布日期 发表日期 创建日期 上映日期 上传时间 发帖时间 发帖日期
    发文时间 投稿时间
    """.split()
)
# nouns for items; with each ending of ITEM_PARTS they name a column: post_title, Book-Author
ITEM_NOUNS = tuple(
    """
    item content article post video movie film product news book song track story document page
    recipe game course lesson episode
    """.split()
)
_RATED = (*ITEM_NOUNS, "restaurant", "hotel", "beer", "anime", "album", "reader", "customer")
ITEM_PARTS: Mapping[str, Sequence[str]] = {  # the strongest first
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
            "action",
            "action_type",
            "verb",
            "interaction",
            "interaction_type",
            "feedback_type",
            "behavior",
            "behaviour",
            "behavior_type",
            "behaviour_type",
            "event_kind",
            "activity",
            "event_name",
            "行为",
            "行为类型",
            "事件",
            "动作",
            "操作",
        ),
        "value": (
            "stars",
            "star_rating",
            "score",
            "overall",
            "event_value",
            "review_score",
            "feedback_value",
            "rating_value",
            "user_rating",
            "my_rating",
            *(noun + "_rating" for noun in _RATED),
            "评分",
            "分数",
            "打分",
        ),
        "completion": _COMPLETION,
        "completion_percent": _PERCENT,
        "text": (
            "comment",
            "comment_text",
            "comment_content",
            "comment_body",
            "review",
            "review_text",
            "body",
            "content",
            "message",
            "评论",
            "评论内容",
            "留言",
        ),
        "timestamp": _TIME,
        "shared_from": (
            "shared_from_user",
            "shared_from_user_id",
            "retweeted_from",
            "reposted_from",
            "via_user",
            "转发自",
            "分享自",
        ),
    },
    "items": {
        "item_id": _ITEM_ID,
        "title": (
            "name",
            "headline",
            "subject",
            "item_name",
            "product_name",
            "article_title",
            "movie_title",
            "book_title",
            "movie_name",
            "film_name",
            "book_name",
            "song_name",
            "track_name",
            "game_name",
            "course_name",
            "recipe_name",
            "标题",
            "题目",
            "名称",
            *(noun + ending for noun in _CHINESE_ITEMS for ending in ("标题", "名称")),
        ),
        "text": (
            "body",
            "content",
            "description",
            "article_text",
            "body_text",
            "full_text",
            "article",
            "abstract",
            "summary",
            "overview",
            "plot",
            "synopsis",
            "body_html",
            "正文",
            "内容",
            "摘要",
            "简介",
        ),
        "tags": (
            "tag",
            "genre",
            "genres",
            "labels",
            "keywords",
            "hashtags",
            "categories",
            "标签",
            "关键词",
        ),
        "category": (
            "section",
            "channel",
            "rubric",
            "category_name",
            "main_category",
            "section_name",
            "分类",
            "类别",
            "栏目",
            "频道",
            "版块",
            "板块",
        ),
        "author_id": (
            "author",
            "creator",
            "author_name",
            "byline",
            "writer",
            "creator_id",
            "dc:creator",
            "author_user_id",
            "author_person_id",
            "uploader",
            "uploader_id",
            "owner_user_id",
            "posted_by",
            "作者",
            "作者id",
            "作者编号",
            "up主",
            "博主",
            "主播",
            "创作者",
            "发布者",
            "发帖人",
            "楼主",
        ),
        "created_at": _CREATED,
        "url": (
            "link",
            "permalink",
            "uri",
            "href",
            "item_url",
            "web_url",
            "canonical_url",
            "链接",
            "网址",
        ),
        "available_from": ("valid_from", "available_at"),
        "expires_at": ("valid_until", "available_until", "expiry_date", "expiration_date"),
        "parent_id": (
            "in_reply_to",
            "in_reply_to_id",
            "reply_to",
            "reply_to_id",
            "parent_item_id",
            "父级id",
            "回复的id",
        ),
    },
    "users": {
        "user_id": _USER_ID,
        "name": (
            "username",
            "display_name",
            "full_name",
            "screen_name",
            "nickname",
            "昵称",
            "姓名",
        ),
        "interests": ("interest", "topics", "tags", "favorites", "favourites", "兴趣", "兴趣标签"),
        "language": ("lang", "locale", "语言"),
    },
    "follows": {
        "user_id": (
            "follower",
            "follower_id",
            "follower_user_id",
            "from_user_id",
            "from_user",
            "粉丝",
            "关注者",
            *_USER_ID,
        ),
        "author_id": ("author", "creator", "creator_id", "作者", "作者id"),
        "followed_user_id": (
            "followed",
            "followed_id",
            "followee",
            "followee_id",
            "following",
            "following_id",
            "followed_user",
            "followee_user_id",
            "to_user_id",
            "to_user",
            "target_user_id",
            "target_user",
            "被关注用户",
            "被关注者",
        ),
    },
}
_MAILS = (
    "email",
    "email_address",
    "user_email",
    "customer_email",
    "member_email",
    "comment_author_email",
)
_CHINESE_NAMES = ("用户名", "用户名称", "用户昵称", "昵称", "账号", "账户")
# taken where nothing else names the column, the first of them before the others
LAST_NAMES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "events": {
        "user_id": (
            "anonymous_id",
            "anonymous_user_id",
            "device_id",
            "cookie_id",
            "browser_id",
            "domain_userid",
            "external_id",
            "匿名id",
            "设备id",
        ),
        "item_id": (
            "lineitem_sku",
            "mid",
            "object",
            "page_location",
            "page_url",
            "page_path",
            "page_urlpath",
            "canonical_url",
            "url",
            "permalink",
            "link",
            "uri",
            "path",
        ),
    },
    "items": {
        "item_id": ("guid", "handle", "slug", "mid"),
        "author_id": (
            "user_id",
            "uid",
            "account_id",
            "member_id",
            "owner_id",
            "poster_id",
            "user",
            "account",
            "member",
            "owner",
            "poster",
            "owner_mid",
            "attributed_to",
        ),
        "title": ("primary_title", "original_title"),
        "text": ("selftext", "plaintext", "caption", "excerpt", "cooked", "raw"),
        "category": ("subreddit", "forum", "subforum", "board"),
        "created_at": (
            "created_utc",
            "first_published_at",
            "posted",
            "posted_on",
            "post_time",
            "date_posted",
            "published_on",
            "submitted",
            "submitted_at",
            "uploaded",
            "uploaded_at",
            "date_uploaded",
            "added",
            "added_at",
            "added_on",
            "date_added",
            "air_date",
            "inserted_at",
            "ctime",
        ),
    },
}
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
    "items": {"item_id": ("id", "编号")},
    "users": {"user_id": ("id",)},
    "follows": {},
}
