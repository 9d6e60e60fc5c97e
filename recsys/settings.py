"""All settings of commands, nights and the service: each is declared once, in `Settings`.

A value comes from the command line, else the environment (RECSYS_<NAME>), else the TOML file that
RECSYS_CONFIG names (the same names in lower case, without RECSYS_), else it has its default. An
empty text in the environment counts as not given. This module reads no environment: callers give
it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

from recsys import setting_kinds as kinds
from recsys.data.event_kind_weights import REMARKS, TONE, EventWeights
from recsys.data.event_kinds import KIND_WEIGHTS
from recsys.data.reply_items import CHOICES as REPLY_CHOICES
from recsys.data.unrecorded_items import CHOICES
from recsys.errors import DataError
from recsys.setting_kinds import Kind, Texts, Weights, choice, masked, number, whole
from recsys.text.encoders.cache_folder import default_cache
from recsys.text.sentiment.scorer import SentimentScorer

PREFIX = "RECSYS_"
CONFIG = "RECSYS_CONFIG"
CONFIG_HELP = "a TOML file with the same names in lower case, without RECSYS_"
DEFAULT = "default"  # the source of a value that nobody gave
NIGHT, SERVICE, COMMANDS = "night", "service", "commands"  # who reads a setting
EVERYBODY = (NIGHT, SERVICE, COMMANDS)
# Kubernetes sets such variables in every container for a service that is called recsys.
_KUBERNETES = re.compile(r"RECSYS_(SERVICE_(HOST|PORT)|PORT_\d+)(_\w+)?")
_LINKS = ("tcp://", "udp://", "sctp://")  # so do values of RECSYS_PORT begin that it sets

CommandLine = Mapping[str, tuple[str, str]]  # name of a setting → option, text


def _setting(
    default: Any,
    kind: Kind,
    help: str,
    read_by: Iterable[str] = EVERYBODY,
    *,
    unit: str = "",
    shown: str | None = None,
    secret: bool = False,
    variable: str = "",
) -> Any:
    """Return the field of a setting. `shown`: the default in words, where it is computed."""
    if shown is None:
        shown = kind.write(default)
    metadata = {
        "kind": kind,
        "help": help,
        "read_by": tuple(read_by),
        "unit": unit,
        "default": shown,
        "secret": secret,
        "variable": variable,
    }
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """One value per setting; RECSYS_HOME is `home` here and in the TOML file, and so on."""

    home: Path = _setting(
        Path("data/var"),
        kinds.FOLDER,
        "folder of the store, the bundles, the runs and fine-tuned encoders",
    )
    store: str = _setting(
        "",
        kinds.TEXT,
        "database: sqlite:///path or postgresql+psycopg://…",
        shown="sqlite:///<home>/store.db",
        secret=True,
    )
    cache: str = _setting(
        "",
        kinds.TEXT,
        "folder of word vectors that are distilled from a model once per machine, for all homes",
        (NIGHT, COMMANDS),
        shown="the user's cache folder",
    )
    device: str = _setting(
        "auto", kinds.TEXT, "where the night computes: auto, cpu or cuda", (NIGHT, COMMANDS)
    )
    encoder: str = _setting(
        "static",
        kinds.TEXT,
        "text encoder: static, static:<folder of a BERT>, use, minilm, t5:<folder or hub name>,"
        " or any such name",
        (NIGHT, COMMANDS),
    )
    finetune: str = _setting(
        "auto",
        choice("auto", "on", "off"),
        "whether nights fine-tune the encoder on interactions: auto (on a GPU), on or off",
        (NIGHT,),
    )
    finetune_minutes: float = _setting(
        4.0, number(), "time that a night may spend on fine-tuning", (NIGHT,), unit="minutes"
    )
    title_model: str = _setting(
        "",
        kinds.TEXT,
        "folder of a T5 with its decoder that nights fine-tune on the titles of the items; empty:"
        " none",
        (NIGHT,),
        shown="none",
    )
    title_minutes: float = _setting(
        4.0,
        number(),
        "time that a night may spend on fine-tuning the title model",
        (NIGHT,),
        unit="minutes",
    )
    tune_minutes: float = _setting(
        4.0,
        number(),
        "CPU minutes that a night may spend on tuning, when it tunes; four times by the clock",
        (NIGHT, COMMANDS),
        unit="CPU minutes",
    )
    engines: Texts = _setting(
        (),
        kinds.NAMES,
        "engines that tuning chooses from, with or without settings: slist,als,ease 50",
        (NIGHT, COMMANDS),
        shown="all",
    )
    direction: str = _setting(
        "auto",
        choice("auto", "off"),
        "whether models may use which item comes after which: auto (where times differ, or where"
        " validation gains whatever the numbering of the items), or off",
        (NIGHT, COMMANDS),
    )
    index: str = _setting(
        "auto",
        choice("auto", "joined"),
        "which index proposes items of large catalogues: auto (one of text vectors, and where the"
        " score reads behaviour factors one of both), or joined (one of both, always)",
        (NIGHT,),
    )
    tune_days: float = _setting(
        7.0, number(), "days after which a night tunes again", (NIGHT,), unit="days"
    )
    seed: int = _setting(
        0, whole(), "seed of everything that draws at random in a night", (NIGHT, COMMANDS)
    )
    event_weights: Weights = _setting(
        {},
        kinds.WEIGHTS,
        "weight per kind of event where it differs: like=1,view=0.2,dislike=-1",
        shown="built in",
    )
    public_kinds: Texts = _setting(
        (),
        kinds.TEXTS,
        "kinds of event that anybody may see: the act of one followee counts and is shown as a"
        " reason; of other kinds, acts of three or more: share,comment",
    )
    gazetteer: str = _setting(
        "",
        kinds.TEXT,
        "a CSV file of names to find in texts: name, kind, other spellings",
        (NIGHT,),
    )
    safety_model: str = _setting(
        "",
        kinds.TEXT,
        "a scorer of doubtful texts beside the built-in words: module:function",
        (SERVICE, COMMANDS),
    )
    flag_weight: float = _setting(
        1.0,
        number(),
        "how much lower flagged items are shown, in standard deviations of the scores; 0: off",
        (SERVICE, COMMANDS),
        unit="standard deviations",
    )
    rising_weight: float = _setting(
        0.05,
        number(),
        "most that a burst adds to a score, in standard deviations of the scores; 0: off",
        (SERVICE, COMMANDS),
        unit="standard deviations",
    )
    tone_strength: float = _setting(
        TONE,
        number(0, 2),
        "how far the tone of a comment moves the weight of its event, 0: not at all, to 2",
    )
    comment_strength: float = _setting(
        REMARKS,
        number(0, 4),
        "the same for comments and replies, 0 to 4; with RECSYS_TONE_STRENGTH=0 none is moved",
    )
    defences: str = _setting(
        "on",
        choice("on", "off"),
        "whether acts of accounts that come together unusually count like one: on or off",
    )
    repeat: Texts = _setting(
        (),
        kinds.CATEGORIES,
        "categories whose items lists may hold again: category:Groceries,category:Music",
    )
    unrecorded_items: str = _setting(
        "auto",
        choice(*CHOICES),
        "whether lists hold items that only events tell of, each after three different people: on,"
        " off, or auto: where fewer than half of the items with events have a record",
    )
    replies: str = _setting(
        "auto",
        choice(*REPLY_CHOICES),
        "whether lists hold items that answer another one, beside feeds of follows, threads and"
        " search, which do: on, off, or auto: where fewer than one item in a hundred answers none",
    )
    keep_bundles: int = _setting(
        7, whole(), "versions that a night keeps, besides the current one", (NIGHT, COMMANDS)
    )
    keep_event_days: int = _setting(
        0,
        whole(),
        "days for which events are kept after they happened; a night removes older ones for good,"
        " on PostgreSQL by partitions; 0: all are kept",
        (NIGHT,),
        unit="days",
    )
    bundles: str = _setting(
        "",
        kinds.OBJECTS,
        "object store that nights publish bundles to, beside the home, and `recsys serve` pulls"
        " them from; credentials come from the environment (AWS_ACCESS_KEY_ID, …); empty: the home"
        " alone",
        secret=True,
    )
    bundles_seconds: float = _setting(
        30.0,
        number(0.1),
        "seconds between looks of `recsys serve` at RECSYS_BUNDLES, on average: each wait is drawn"
        " between half and one and a half of it",
        (COMMANDS,),
        unit="seconds",
    )
    archive: str = _setting(
        "",
        kinds.OBJECTS,
        "object store of copies of the events by day of arrival, which nights write, and read"
        " instead of the store; of one store; credentials as for RECSYS_BUNDLES; empty: none",
        secret=True,
    )
    runner: str = _setting(
        "local",
        kinds.RUNNER,
        "who computes rows, histories, counters and text vectors of a night: local (this process),"
        " spark, or spark:<master>, as in spark:yarn (extra spark); `recsys nightly --runner`",
        (NIGHT,),
    )
    runner_files: str = _setting(
        "",
        kinds.OBJECTS,
        "place that the night and the executors of Spark share, where parts and pieces are kept"
        " while a night works on them; of one home; credentials as for RECSYS_BUNDLES",
        (NIGHT,),
        shown="the folder of the run, below RECSYS_HOME",
        secret=True,
    )
    webhook_networks: Texts = _setting(
        (),
        kinds.NETWORKS,
        "private networks that webhooks may reach: 10.0.0.0/8,192.168.1.7",
        (SERVICE, COMMANDS),
    )
    smtp: str = _setting(
        "",
        kinds.TEXT,
        "mail server for notices: smtp+starttls://user:password@host:587, smtps:// or smtp://",
        (SERVICE, COMMANDS),
        secret=True,
    )
    mail_from: str = _setting("", kinds.TEXT, "address that mail is from", (SERVICE, COMMANDS))
    public_url: str = _setting(
        "",
        kinds.TEXT,
        "URL under which others reach the service, for links in mail",
        (SERVICE, COMMANDS),
    )
    help_contact: str = _setting(
        "",
        kinds.TEXT,
        "whom people can ask where the help texts have no answer: an address, a URL, a name",
        (SERVICE, COMMANDS),
    )
    llm: str = _setting(
        "",
        kinds.TEXT,
        "a language model that chooses commands where the classifier abstains and rewords answers:"
        " openai:<base url>#<model>, llama:<file.gguf> or t5:<folder>, the latter two by `recsys"
        " speak`; empty: none",
        (SERVICE, COMMANDS),
    )
    llm_key: str = _setting(
        "",
        kinds.TEXT,
        "API key of the server that RECSYS_LLM names",
        (SERVICE, COMMANDS),
        secret=True,
    )
    speak_port: int = _setting(
        8010, whole(0, 65_535), "port of `recsys speak` on loopback", (SERVICE, COMMANDS)
    )
    notice_retry_seconds: float = _setting(
        5.0,
        number(),
        "seconds until a failed delivery of a notice is tried again; doubles with each try",
        (SERVICE, COMMANDS),
        unit="seconds",
    )
    kafka_brokers: str = _setting(
        "",
        kinds.TEXT,
        "brokers that `recsys consume` reads from: host:port,host:port",
        (COMMANDS,),
    )
    kafka_properties: str = _setting(
        "",
        kinds.TEXT,
        "a file of settings of the Kafka client, as for TLS and passwords: name=value in each line",
        (COMMANDS,),
    )
    host: str = _setting(
        "127.0.0.1", kinds.TEXT, "address that `recsys serve` listens on", (SERVICE, COMMANDS)
    )
    port: int = _setting(8000, whole(0, 65_535), "port that `recsys serve` listens on", (COMMANDS,))
    workers: int = _setting(
        1,
        whole(),
        "processes of `recsys serve`; a good number is one per core",
        (SERVICE, COMMANDS),
    )
    auth: str = _setting(
        "auto",
        choice("auto", "on", "off"),
        "auto: a key is needed but by programs on this machine; on; off",
        (SERVICE,),
    )
    min_people: int = _setting(
        5,
        whole(),
        "users behind a count or score; those of fewer are null in answers; 0: none is hidden",
        (SERVICE, COMMANDS),
    )
    explore_share: float = _setting(
        0.02,
        number(0, 1),
        "share of an hour's lists in which places for new items may hold the same item, or items of"
        " the same author; one list an hour and worker at least; 0: no such place",
        (SERVICE,),
    )
    creator_floor: float = _setting(
        0.0,
        number(0, 0.5),
        "share of exposure that items of creators of the last 30 days have at least, hour by hour;"
        " a place of rank r weighs 1 / log2(1 + r); 0: none",
        (SERVICE,),
    )
    fairness_groups: Texts = _setting(
        (),
        kinds.TEXTS,
        "metadata fields of items by which the exposure report divides them, besides age and size"
        " of creators, language and category: genre,region",
        (NIGHT, COMMANDS),
    )
    rate_limit: float = _setting(
        200.0,
        number(),
        "requests a second and key, over all workers; 0: no limit",
        (SERVICE,),
        unit="requests a second",
    )
    anonymous_rate_limit: float = _setting(
        0.0,
        number(),
        "the same for requests without a key, per address",
        (SERVICE,),
        unit="requests a second",
    )
    trusted_proxies: Texts = _setting(
        (),
        kinds.EXACT_NETWORKS,
        "addresses or networks of proxies whose `X-Forwarded-For` tells the address of a caller"
        " without a key; without it all callers behind a proxy count as one",
        (SERVICE,),
    )
    max_body: int = _setting(
        10_000_000, whole(), "bytes of a request body", (SERVICE,), unit="bytes"
    )
    body_seconds: float = _setting(
        5.0, number(), "longest wait for a request body to arrive", (SERVICE,), unit="seconds"
    )
    write_seconds: float = _setting(
        2.0,
        number(),
        "longest wait for other writers of the store; then writes are answered 503 with"
        " Retry-After",
        (SERVICE,),
        unit="seconds",
    )
    request_cpu_seconds: float = _setting(
        30.0,
        number(),
        "CPU time that one request may take for texts, filters and lists; then it is answered 413"
        " with a body, else 503, code `cpu_limit`, and nothing is stored; 0: no limit",
        (SERVICE,),
        unit="CPU seconds",
    )
    max_batch: int = _setting(10_000, whole(), "events, items or users in one request", (SERVICE,))
    cors_origins: Texts = _setting(
        (), kinds.TEXTS, "origins whose pages may call; * for all", (SERVICE,)
    )
    cache_entries: int = _setting(
        20_000, whole(), "answers kept per worker; 0: none", (SERVICE,), unit="answers"
    )
    cache_bytes: int = _setting(
        64_000_000,
        whole(),
        "bytes of answers kept per worker, besides the limit of entries",
        (SERVICE,),
        unit="bytes",
    )
    cache_seconds: float = _setting(
        10.0, number(), "longest life of a kept answer", (SERVICE,), unit="seconds"
    )
    tail_seconds: float = _setting(
        0.05,
        number(),
        "how often the store's logs are read for the other workers' writes",
        (SERVICE,),
        unit="seconds",
    )
    shared_tail_from: int = _setting(
        9,
        whole(1),
        "workers of a server from which on one of them reads the logs of PostgreSQL for all",
        (SERVICE,),
    )
    exposure_seconds: float = _setting(
        1.0, number(), "how often the exposure log is written", (SERVICE,), unit="seconds"
    )
    exposure_pending: int = _setting(
        20_000,
        whole(),
        "answers that wait while the store is away; older ones drop",
        (SERVICE,),
        unit="answers",
    )
    impression_half_life: float = _setting(
        86_400.0,
        number(),
        "seconds until a shown item counts half as seen",
        (SERVICE,),
        unit="seconds",
    )
    watch: bool = _setting(
        True,
        kinds.SWITCH,
        "whether workers count the texts of watches and look for bursts; one of them does",
        (SERVICE,),
    )
    deliver: bool = _setting(
        True,
        kinds.SWITCH,
        "whether workers deliver notices; else `recsys deliver` has to run",
        (SERVICE,),
    )
    notice_days: float = _setting(
        90.0, number(), "days that notices are kept; 0: for good", (SERVICE,), unit="days"
    )
    audit_days: float = _setting(
        365.0,
        number(),
        "days that entries of the audit log are kept; 0: for good",
        (SERVICE,),
        unit="days",
    )
    console: str = _setting(
        "auto",
        choice("auto", "on", "off"),
        "whether the console is at /console: on, off, or auto: where the service listens on"
        " loopback, else once a key with the role operate, support or admin exists",
        (SERVICE,),
    )
    stale_hours: float = _setting(
        36.0, number(), "age of a bundle from which warnings are logged", (SERVICE,), unit="hours"
    )
    access_log: bool = _setting(True, kinds.SWITCH, "one JSON line per request", (SERVICE,))
    handoff_text: str = _setting(
        "",
        kinds.TEXT,
        "what a dialogue answers where it hands over to people: where these are reached",
        (SERVICE, COMMANDS),
        shown="a sentence that names nobody",
    )
    crisis_text: str = _setting(
        "",
        kinds.TEXT,
        "what a dialogue answers to words of self-harm: with the numbers of your country",
        (SERVICE, COMMANDS),
        shown="a sentence that names no number",
    )
    threat_text: str = _setting(
        "",
        kinds.TEXT,
        "what a dialogue answers to threats",
        (SERVICE, COMMANDS),
        shown="a sentence that people may look at the conversation",
    )
    metrics_open: bool = _setting(False, kinds.SWITCH, "/metrics without a key", (SERVICE,))
    metrics_folder: str = _setting(
        "",
        kinds.TEXT,
        "folder in which several workers leave their figures for `/metrics`, empty at start;"
        " `recsys serve` makes one, in memory where it can",
        (SERVICE,),
        variable="PROMETHEUS_MULTIPROC_DIR",
    )
    # no setting: where each value that differs from its default came from
    sources: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def store_url(self) -> str:
        """The store's URL, with the default filled in."""
        return self.store or f"sqlite:///{self.home / 'store.db'}"

    @property
    def cache_folder(self) -> Path:
        """The folder of distilled word vectors, with the default filled in."""
        if self.cache:
            return Path(self.cache).expanduser().absolute()
        return default_cache()

    @cached_property
    def weights(self) -> EventWeights:
        """The weights of events, those of the settings over the built-in ones."""
        return EventWeights(
            kinds={**KIND_WEIGHTS, **self.event_weights},
            sentiment=self.tone_strength,
            remarks=self.comment_strength,
            account_tests=self.defences == "on",
            public=frozenset(self.public_kinds),
        )

    @cached_property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The trusted proxies as networks."""
        return tuple(ip_network(one) for one in self.trusted_proxies)

    @property
    def repeat_categories(self) -> frozenset[str]:
        """The categories whose items may be recommended again."""
        return kinds.repeat_categories(self.repeat)

    @property
    def sentiment_scorer(self) -> SentimentScorer:
        """The scorer of the sentiment of texts, with the model of the home where there is one."""
        return SentimentScorer(self.home)

    @classmethod
    def load(cls, environ: Mapping[str, str], command_line: CommandLine | None = None) -> Settings:
        """Return the settings; DataError names the one that is unknown or wrong, and its source."""
        check_environment(environ)
        given: dict[str, tuple[str, Any]] = {}
        if environ.get(CONFIG):
            path, document = _from_file(environ[CONFIG])
            given |= {name: (f"{path}: {name}", value) for name, value in document.items()}
        for one in SETTINGS:
            text = environ.get(one.variable, "")
            if text and not (one.name == "port" and text.startswith(_LINKS)):
                given[one.name] = (one.variable, text)
        for name, (option, text) in (command_line or {}).items():
            if name not in _BY_NAME:
                raise DataError(f"{option}: {name!r} is no setting{_nearest(name, _BY_NAME)}")
            given[name] = (option, text)
        values = {name: _read(name, place, value) for name, (place, value) in given.items()}
        values.setdefault("home", cls.home.absolute())  # a server may start in another folder
        found = cls(**values, sources={name: place for name, (place, _) in given.items()})
        _check_delivery(found)
        return found


@dataclass(frozen=True, slots=True)
class Setting:
    """The declaration of one setting."""

    name: str
    variable: str
    kind: Kind
    default: str  # in words where it is computed
    unit: str
    help: str
    read_by: tuple[str, ...]
    secret: bool

    @property
    def type(self) -> str:
        """The kind of value, with its unit."""
        return f"{self.kind.words}, in {self.unit}" if self.unit else self.kind.words


SETTINGS: tuple[Setting, ...] = tuple(
    Setting(
        f.name,
        f.metadata["variable"] or PREFIX + f.name.upper(),
        f.metadata["kind"],
        f.metadata["default"],
        f.metadata["unit"],
        f.metadata["help"],
        f.metadata["read_by"],
        f.metadata["secret"],
    )
    for f in fields(Settings)
    if f.metadata
)
_BY_NAME: Mapping[str, Setting] = {one.name: one for one in SETTINGS}
_VARIABLES = frozenset(one.variable for one in SETTINGS) | {CONFIG}


def describe(settings: Settings) -> list[dict[str, str]]:
    """Return a row per setting: name, variable, value, default, source, type, read_by and help.

    Values are texts as they stand in the environment; secrets are masked.
    """
    rows = []
    for one in SETTINGS:
        source = settings.sources.get(one.name, DEFAULT)
        value = one.kind.write(getattr(settings, one.name))
        if source == DEFAULT and not value:
            value = settings.store_url if one.name == "store" else one.default
        rows.append(
            {
                "name": one.name,
                "variable": one.variable,
                "value": masked(value) if one.secret else value,
                "default": one.default,
                "source": source,
                "type": one.type,
                "read_by": ", ".join(one.read_by),
                "help": one.help,
            }
        )
    return rows


def as_environment(settings: Settings, names: Iterable[str]) -> dict[str, str]:
    """Return the variables that give another process the values of settings that have one."""
    values = {_BY_NAME[name].variable: _written(settings, name) for name in names}
    return {variable: text for variable, text in values.items() if text}


def check_environment(names: Iterable[str]) -> None:
    """Raise DataError for the first variable RECSYS_… that is no setting."""
    for name in sorted(names):
        if not name.startswith(PREFIX) or name in _VARIABLES or _KUBERNETES.fullmatch(name):
            continue
        declared = _BY_NAME.get(name.removeprefix(PREFIX).lower())
        meant = f"; is {declared.variable} meant?" if declared else _nearest(name, _VARIABLES)
        raise DataError(f"{name} in the environment is no setting{meant}")


def _from_file(name: str) -> tuple[Path, dict[str, Any]]:
    path = Path(name).expanduser()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{CONFIG}={name}: {error}") from error
    for key in sorted(document):
        if key not in _BY_NAME:
            own = key.lower().removeprefix(PREFIX.lower())
            near = f"; write {own}" if own in _BY_NAME else _nearest(key, _BY_NAME)
            raise DataError(f"{path}: {key!r} is no setting{near}")
    return path, document


def _read(name: str, place: str, value: Any) -> Any:
    one = _BY_NAME[name]
    try:
        return one.kind.read(value)
    except ValueError as error:
        shown = masked(str(value)) if one.secret else repr(value)
        raise DataError(f"{place} = {shown}: {error}") from error


def _check_delivery(settings: Settings) -> None:
    """Raise DataError where mail is set half or wrong."""
    if settings.smtp:
        # smtplib and ssl are loaded only where mail is sent
        from recsys.delivery.mail import MailServer

        MailServer.of(settings.smtp, settings.mail_from)


def _written(settings: Settings, name: str) -> str:
    return _BY_NAME[name].kind.write(getattr(settings, name))


def _nearest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1)
    return f"; is {close[0]} meant?" if close else "; docs/settings.md lists all of them"
