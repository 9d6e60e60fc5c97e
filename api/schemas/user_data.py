"""Schemas of user data: profile, controls, export, erasure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from .field_types import Answer, Id, Label, Language, RowId, Strict, Zone


class LabelControl(Strict):
    """Mute, boost or lower what carries a label or is like an item; or forget what it taught.

    A user is muted, blocked or dismissed, an author may be dismissed.
    """

    action: Literal["mute", "boost", "more", "less", "forget", "block", "dismiss"] = Field(
        description="mute: never shown; block: a user, muted both ways; boost or more: shown more, "
        "less: less (of a label, or of what is like an item); forget: events until now on such "
        "items count no more; dismiss: a user or an author, who is not suggested any more"
    )
    kind: Literal["topic", "author", "category", "tag", "words", "word", "item", "user"] = Field(
        description="words: a word or phrase in title, text or tags, whatever its letter case; "
        "`word` is the same; user: with mute and block alone, what they wrote and their name"
    )
    value: Label = Field(
        description="a topic's number, an author, a category, a tag, a word or phrase, an item id, "
        "a user id"
    )


class ForgetAll(Strict):
    """Start anew: no event until now counts; none is deleted, and nothing seen comes back."""

    action: Literal["forget"]
    kind: Literal["everything"]


class Widen(Strict):
    """More topics: lists are calibrated, with more of the catalogue's topics beside one's own."""

    action: Literal["widen"]
    kind: Literal["everything"]


class ProfilePatch(Strict):
    """Changes to what a person is shown, in force with the next answer."""

    reset: bool = Field(False, description="first take back all controls there are")
    undo: Annotated[list[RowId], Field(max_length=100)] = Field(
        [], description="ids of controls to take back; the id of an undo takes that back"
    )
    controls: Annotated[list[LabelControl | ForgetAll | Widen], Field(max_length=100)] = []


class LanguageQuery(Strict):
    """In which language to tell."""

    lang: Language = None


class ProfileQuery(LanguageQuery):
    """In which language to tell, by which clocks, and how much."""

    include: Literal["inferences"] | None = Field(
        None, description="inferences: also how likely the person returns; the export has it always"
    )

    zone: Zone = Field(
        "UTC", description="whose clocks days and hours are told by: Europe/Berlin, Asia/Tokyo"
    )


class UserIdQuery(Strict):
    """A user as a parameter."""

    user_id: Id


class Control(Answer):
    """A control in force; its id takes it back."""

    id: int
    action: str
    kind: str
    value: str
    name: str | None = Field(description="of the topic or item, where it is known")
    titles: list[str] = Field([], description="of items that stand for a topic without a name")
    at: float


class Controls(Answer):
    """The controls of a person that are in force, oldest first."""

    user: str
    controls: list[Control]
    warnings: list[str] = Field(
        [], description="controls that reach no item now, and the nearest names there are"
    )


class Place(Answer):
    """What went from one place."""

    place: str
    removed: dict[str, int]
    how: str


class Erased(Answer):
    """A receipt: what was removed where, and what is out of reach."""

    user: str
    person: str = Field(description="the pseudonym that logs hold")
    at: float
    deleted: dict[str, int] = Field(description="rows, lists and files that went, by sort")
    places: list[Place]
    kept: list[str]
    log_emptied: float | None = Field(
        description="when SQLite's write-ahead log was emptied of it; null: not yet, or PostgreSQL"
    )


class MergeBody(Strict):
    """The user whose history is moved."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)

    from_id: Id = Field(alias="from", description="the id that is unknown afterwards")


class Merged(Answer):
    """What a merge moved."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    user: str
    from_id: str = Field(alias="from")
    person: str = Field(description="the pseudonym of the user, as in the logs")
    from_person: str = Field(description="that of the old id")
    at: float
    moved: dict[str, int] = Field(
        description="rows by table; `duplicates`: events that both had, kept once"
    )
    again: bool = Field(description="the two had been merged before, and nothing was left to move")


class Export(Answer):
    """All that is held of a person."""

    user: dict[str, Any]
    exported_at: float
    person: str
    follows: list[dict[str, Any]]
    shares: list[dict[str, Any]] = Field(
        [], description="items that the user shared, with the user from whose act each came"
    )
    controls: list[dict[str, Any]]
    merged: list[dict[str, Any]] = Field(description="ids that were merged into this user")
    inferences: dict[str, Any] = Field(description="what is computed of the user's future")
    looks: list[dict[str, Any]] = Field(
        description="the latest looks at this person by operators, the newest first"
    )
    dialogues: list[dict[str, Any]] = Field(
        [], description="conversations of the last 24 hours, with their turns"
    )
    events: list[dict[str, Any]]
    shown: list[dict[str, Any]]
    held_by_no_one: list[str] = Field(description="what is computed when asked, and not stored")


class Titled(Answer):
    """An item and what to call it."""

    item_id: str
    title: str


class Interest(Answer):
    """A topic, author, category or tag, as a history has it."""

    value: str = Field(description="what a control calls it")
    name: str = Field(description="empty for a topic that nothing names well")
    titles: list[str] = Field([], description="of items that stand for a topic without a name")
    share: float = Field(description="of all that was liked, recent events more")
    usual: float = Field(description="of all that everybody takes up")
    trend: Literal["rising", "steady", "fading", "unknown"]
    events: int
    disliked: float = Field(description="share of what was disliked")
    because: list[Titled] = Field(description="of the history, what says so most")


class Interests(Answer):
    """What somebody likes, by kind of label, the most first."""

    topics: list[Interest]
    authors: list[Interest]
    categories: list[Interest]
    tags: list[Interest]


class Activity(Answer):
    """When somebody was here; days, hours and weekdays (Monday first) are those of `zone`."""

    events: int
    first: float | None
    last: float | None
    days: int
    per_week: float
    zone: str
    hours: list[float]
    weekdays: list[float]
    kinds: dict[str, int]


class Tone(Answer):
    """How somebody writes: -1 negative to 1 positive, over the latest texts."""

    texts: int
    score: float
    labels: dict[str, int]


class Community(Answer):
    """Items that the same people take up, and this person's share in them."""

    community: int
    share: float
    readers: int | None = Field(description="most at home there; null below ten")
    typical: list[Titled]
    because: list[Titled] = Field(description="of the history, what belongs to it most")


class Effect(Answer):
    """What one observation adds to the log odds of a return."""

    feature: str
    text: str
    log_odds: float


class Returning(Answer):
    """How likely somebody is back within some days, and what the last back-test measured."""

    days: int
    chance: float
    as_of: float
    because: list[Effect]
    measured: dict[str, float]


class Belief(Answer):
    """A sentence, and the items of the history that say so."""

    text: str
    because: list[Titled]


class CommunityTopic(Answer):
    """What a community takes up more than everybody does."""

    value: str = Field(description="id of the topic; the category where there are no topics")
    name: str
    users: int


class FollowCommunity(Answer):
    """The community of follows that the user belongs to; nobody else of it is named."""

    users: int
    topics: list[CommunityTopic]


class TopicInfluence(Answer):
    """What followers took up after the user within a topic, beyond what they took up before."""

    value: str = Field(description="id of the topic; the category where there are no topics")
    name: str
    score: float = Field(description="(after - before) / (after + before + 5)")
    after: int = Field(description="acts of followers on the same items within a day after")
    before: int = Field(description="within a day before")
    followers: int = Field(description="who acted within a day after")


class Bubble(Answer):
    """Effective numbers of topics, exp(entropy) of their shares, in the last 28 days."""

    shown: float
    taken: float = Field(description="in what was taken up")
    available: float = Field(description="in the catalogue")
    distance: float = Field(description="Jensen-Shannon divergence in bits of shown and taken")


class Profile(Answer):
    """What is known and believed of a person, and why; computed when asked."""

    user: str
    model_version: str
    known: dict[str, Any]
    interests: Interests
    activity: Activity
    tone: Tone | None
    communities: list[Community]
    returning: Returning | None
    bubble: Bubble | None = Field(
        description="null for fewer than 20 shown or 5 taken items; the control `widen` of "
        "`everything` gives lists of more topics"
    )
    beliefs: list[Belief]
    follow_community: FollowCommunity | None = Field(
        description="null where the community has fewer than ten users, or RECSYS_MIN_PEOPLE"
    )
    follow_influence: list[TopicInfluence] = Field(
        description="up to three topics with at least ten followers, or RECSYS_MIN_PEOPLE"
    )
    follows: list[dict[str, Any]]
    controls: list[Control]
