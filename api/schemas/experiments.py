"""Schemas of experiments, their plans and their reports."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from recsys.experiments import definition

from .field_types import Answer, AnyMoment, Label, Share, Strict, whole

ExperimentId = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
MetricName = Literal[
    "click_rate", "lists_with_click", "clicks_per_user", "lists_per_user", "refusal_rate"
]
HomeRow = Literal[
    "for_you", "because_you_liked", "new_in_topics", "rising", "followed", "something_else"
]
Cap = Annotated[int, Field(ge=1, le=500), BeforeValidator(whole)]
Weight = Annotated[float, Field(ge=0, le=100)]
PartOfAll = Annotated[float, Field(gt=0, le=1)]
State = Literal["draft", "running", "stopped", "decided"]


class Overrides(Strict):
    """What an arm sets otherwise, whatever the request says; what is left out stays as it is."""

    personal: Share | None = None
    diversity: Share | None = None
    calibration: Share | None = None
    explore: Annotated[float, Field(ge=0, le=0.5)] | None = None
    explore_by: Literal["uniform", "thompson"] | None = None
    rising_weight: Weight | None = Field(None, description="instead of RECSYS_RISING_WEIGHT")
    flag_weight: Weight | None = Field(None, description="instead of RECSYS_FLAG_WEIGHT")
    author_cap: Cap | None = None
    category_cap: Cap | None = None
    impressions: bool | None = None
    repeat: bool | None = None
    home_rows: Annotated[list[HomeRow], Field(min_length=1, max_length=6)] | None = Field(
        None, description="kinds of rows of the home page, in their order"
    )


class ArmBody(Strict):
    """An arm of an experiment to be."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    share: PartOfAll = Field(description="of the users; those of all arms add up to 1")
    overrides: Overrides | None = None
    bundle: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description="version whose lists the arm gives, instead of overrides"
    )


class GuardrailBody(Strict):
    """A metric that no arm may harm."""

    metric: MetricName
    margin: Annotated[float, Field(gt=0, lt=1)] = Field(
        definition.MARGIN, description="relative loss that the plan can tell from none"
    )


class MetricsBody(Strict):
    """What is counted."""

    primary: MetricName
    guardrails: Annotated[list[MetricName | GuardrailBody], Field(max_length=10)] = []
    effect: Annotated[float, Field(gt=-1, le=10)] = Field(
        definition.EFFECT, description="relative effect of the primary metric to plan for"
    )


class ExperimentBody(Strict):
    """A draft; the first arm is what the others are compared with."""

    id: ExperimentId = Field(description="also the salt of the arms: it is used once")
    arms: Annotated[list[ArmBody], Field(min_length=2, max_length=definition.MOST_ARMS)]
    method: Literal["ab", "interleaving"] = Field(
        "ab", description="ab: a user is in one arm; interleaving: lists hold items of both arms"
    )
    layer: Label = Field(
        "default", description="a user is in one experiment of a layer; layers are independent"
    )
    range: Annotated[list[Share], Field(min_length=2, max_length=2)] = Field(
        [0.0, 1.0], description="part of the layer whose users are in the experiment"
    )
    holdout: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="share of these users who get no arm"
    )
    metrics: MetricsBody
    start: AnyMoment = None
    end: AnyMoment = None


class ExperimentChange(Strict):
    """Another state, or other parts of the definition of a draft."""

    state: Literal["running", "stopped", "decided"] | None = None
    decision: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        None, description="arm that was decided on, with the state `decided`"
    )
    arms: Annotated[list[ArmBody], Field(min_length=2, max_length=definition.MOST_ARMS)] | None = (
        None
    )
    layer: Label | None = None
    range: Annotated[list[Share], Field(min_length=2, max_length=2)] | None = None
    holdout: Annotated[float, Field(ge=0, lt=1)] | None = None
    metrics: MetricsBody | None = None
    start: AnyMoment = None
    end: AnyMoment = None


class Arm(Answer):
    """An arm."""

    name: str
    share: float
    overrides: dict[str, Any] = {}
    bundle: str | None = None


class Guardrail(Answer):
    """A metric that no arm may harm."""

    metric: str
    margin: float


class Metrics(Answer):
    """What is counted."""

    primary: str
    guardrails: list[Guardrail]
    effect: float


class Experiment(Answer):
    """An experiment; times in Unix seconds."""

    id: str
    state: State
    arms: list[Arm]
    method: str
    layer: str
    range: list[float]
    holdout: float
    metrics: Metrics
    start: float | None
    end: float | None
    created: float
    created_by: str
    started: float | None
    stopped: float | None
    decided: float | None
    reason: str = Field(description="why it was stopped, where nobody asked for it")
    decision: str = Field(description="arm that was decided on")
    in_force: bool = Field(description="whether lists of this moment are in it")


class RailPlan(Answer):
    """Users and days that a guardrail needs."""

    users_per_arm: int
    days: int
    users_per_arm_at_any_look: int


class Plan(Answer):
    """Users and days that the effect needs, from the last 14 days."""

    metric: str
    effect: float
    value: float = Field(description="of the metric, in the last 14 days")
    deviation: float = Field(description="standard deviation over users")
    correlation: float = Field(description="with the 14 days before")
    users_per_arm: int = Field(description="for one look at the end, with power .8")
    days: int = Field(description="at least: as many users have come in the last days")
    users_per_arm_at_any_look: int = Field(description="for the intervals of the report")
    guardrails: dict[str, RailPlan | None]


class ExperimentWithPlan(Experiment):
    """An experiment with its plan."""

    plan: Plan | None = Field(description="null without enough users and acts in the last 14 days")
    bundle_bytes: int | None = Field(
        description="of the bundle that an arm names, which each worker opens; null: none is named"
    )


class Experiments(Answer):
    """Experiments, oldest first."""

    experiments: list[Experiment]


class Difference(Answer):
    """An arm against the first one."""

    value: float
    relative: float
    interval: list[float] = Field(description="holds at all looks together, with probability .95")
    relative_interval: list[float] | None
    interval_of_one_look: list[float] = Field(
        description="for one look at the planned end alone; looked at daily it is wrong too often"
    )
    decided: bool = Field(description="whether the first interval leaves 0 out")
    harmed: bool = Field(description="whether a guardrail is broken")


class ArmReport(Answer):
    """A metric in one arm."""

    arm: str
    units: int
    value: float | None
    difference: Difference | None = Field(description="null for the first arm, and when too early")


class MetricReport(Answer):
    """A metric in all arms."""

    metric: str
    help: str
    more_is_worse: bool
    role: Literal["primary", "guardrail"]
    arms: list[ArmReport]


class LeftOut(Answer):
    """Users who are not counted."""

    robots: int = Field(description="with more than 500 lists in a day")
    in_two_arms: int = Field(description="merged accounts")


class Preference(Answer):
    """Of an interleaving experiment: which arm's items users click more. Null when too early."""

    arms: list[str]
    users: int = Field(description="with a credited click")
    wins: list[int] | None = Field(description="users with more clicks on either arm's items")
    value: float | None = Field(description="credited clicks per user, second arm less first")
    interval: list[float] | None = Field(description="holds at all looks together")
    interval_of_one_look: list[float] | None
    favours: str | None = Field(description="the arm that is preferred; null: not decided")


class Report(Answer):
    """What may be read of an experiment at this moment."""

    id: str
    state: State
    begins: float
    ends: float
    status: Literal["readable", "too_early", "sample_ratio_mismatch"] = Field(
        description="no figure but where it is `readable`; too_early: fewer than 100 users in an"
        " arm; sample_ratio_mismatch: arms have other shares of users than assigned"
    )
    units: dict[str, int] = Field(description="users by arm")
    shares: dict[str, float] = Field(description="as assigned")
    left_out: LeftOut
    metrics: list[MetricReport]
    preference: Preference | None = Field(description="of interleaving; null for any other method")
