"""Settings of the HTTP service; no other module of api/ reads the environment.

Each setting is a variable RECSYS_<NAME>; a TOML file named by RECSYS_CONFIG may give the same
names in lower case, without the prefix. The environment wins.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from recsys.data.event_kinds import KIND_WEIGHTS
from recsys.data.event_weights import REMARKS, TONE, EventWeights
from recsys.data.unrecorded_items import CHOICES
from recsys.delivery.mail import MailServer
from recsys.delivery.public_addresses import networks
from recsys.errors import DataError
from recsys.ranking.query import repeat_categories
from recsys.setting_names import check_environment, check_file

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", ""})
AUTH_MODES = ("auto", "on", "off")
DEFENCES = ("on", "off")


@dataclass(frozen=True)
class Settings:
    """What a deployment may decide about the service."""

    home: Path = Path("data/var")  # bundles live below it
    store: str = ""  # SQLAlchemy URL; empty: SQLite at home/store.db
    host: str = "127.0.0.1"  # address that the server was told to listen on
    event_weights: Mapping[str, float] = field(default_factory=dict)  # over the built-in ones
    safety_model: str = ""  # module:function: a scorer of doubtful texts beside the built-in words
    rising_weight: float = 0.05  # standard deviations of the scores that a burst adds at its most
    flag_weight: float = 1.0  # standard deviations of the scores that a flag of 1 takes away
    tone_strength: float = TONE  # how far a comment's tone moves its event's weight, 0 to 2
    comment_strength: float = REMARKS  # the same for comments and replies, 0 to 4
    defences: str = "on"  # acts of accounts that come together unusually count like one
    explore_share: float = 0.02  # of an hour's lists that may hold one new item, or one author's
    repeat: tuple[str, ...] = ()  # categories whose items may come again: category:Groceries,…
    unrecorded_items: str = "auto"  # whether lists hold items that only events tell of
    auth: str = "auto"  # auto: keys needed unless host and client are loopback; on; off
    workers: int = 1  # processes that share a key's rate limit
    rate_limit: float = 200.0  # requests a second and key, over all workers; 0: no limit
    min_people: int = 5  # people behind a count; counts of fewer are not told
    anonymous_rate_limit: float = 0.0  # the same for requests without a key, per address
    trusted_proxies: tuple[str, ...] = ()  # proxies whose X-Forwarded-For counts
    max_body: int = 10_000_000  # bytes of a request body
    body_seconds: float = 5.0  # longest wait for a request body to arrive
    write_seconds: float = 2.0  # longest wait for other writers of the store; then 503
    request_cpu_seconds: float = 30.0  # CPU time of one request; 0: no limit
    max_batch: int = 10_000  # events, items or users in one request
    cors_origins: tuple[str, ...] = ()  # origins whose pages may call; * for all
    cache_entries: int = 20_000  # answers kept per worker; 0: none
    cache_bytes: int = 64_000_000  # bytes of answers kept per worker
    cache_seconds: float = 10.0  # longest life of a kept answer
    tail_seconds: float = 0.05  # how often the store's logs are read for the other workers' writes
    exposure_seconds: float = 1.0  # how often the exposure log is written
    exposure_pending: int = 20_000  # answers that wait while the store is away; older ones drop
    impression_half_life: float = 86_400.0  # seconds until a shown item counts half as seen
    audit_days: float = 365.0  # days that entries of the audit log are kept; 0: for good
    deliver: bool = True  # whether workers deliver notices; else `recsys deliver` has to run
    notice_days: float = 90.0  # days that notices are kept; 0: for good
    notice_retry_seconds: float = 5.0  # until a failed delivery is tried again; doubles each time
    webhook_networks: tuple[str, ...] = ()  # private networks that webhooks may reach: 10.0.0.0/8
    smtp: str = ""  # mail server: smtp+starttls://user:password@host:587, smtps:// or smtp://
    mail_from: str = ""  # address that mail is from
    public_url: str = ""  # of this service, for links in mail
    stale_hours: float = 36.0  # age of a bundle from which warnings are logged
    access_log: bool = True  # one JSON line per request
    metrics_open: bool = False  # /metrics without a key
    metrics_folder: str = ""  # PROMETHEUS_MULTIPROC_DIR: empty at start, shared by the workers

    @property
    def store_url(self) -> str:
        """Return the URL of the store, the default one when none is set."""
        return self.store or f"sqlite:///{self.home / 'store.db'}"

    @cached_property
    def weights(self) -> EventWeights:
        """Return the weights of events, those of the settings over the built-in ones."""
        kinds = {**KIND_WEIGHTS, **self.event_weights}
        voices = self.defences == "on"
        return EventWeights(
            kinds=kinds,
            tone=self.tone_strength,
            remarks=self.comment_strength,
            voices=voices,
        )

    @cached_property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Return the trusted proxies as networks; DataError for what is none."""
        try:
            return tuple(ip_network(one) for one in self.trusted_proxies)
        except ValueError as error:
            raise DataError(
                f"RECSYS_TRUSTED_PROXIES: {error}; give addresses or networks, as in"
                " 127.0.0.1,10.0.0.0/8"
            ) from None

    @property
    def repeat_categories(self) -> frozenset[str]:
        """Return the categories whose items may be recommended again."""
        return repeat_categories(self.repeat)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read RECSYS_… variables, and the TOML file that RECSYS_CONFIG names."""
        given = os.environ if environment is None else environment
        check_environment(given)
        values = _toml(given.get("RECSYS_CONFIG", ""))
        known = {field.name for field in fields(cls)}
        for name in known:
            if (text := given.get(f"RECSYS_{name.upper()}")) is not None:
                values[name] = text
        values["metrics_folder"] = given.get("PROMETHEUS_MULTIPROC_DIR", "")
        defaults = cls()
        read = {k: _typed(k, v, getattr(defaults, k)) for k, v in values.items() if k in known}
        found = cls(**read)  # type: ignore[arg-type]
        if found.auth not in AUTH_MODES:
            raise DataError(f"RECSYS_AUTH: {found.auth!r} is none of {', '.join(AUTH_MODES)}")
        if found.defences not in DEFENCES:
            raise DataError(f"RECSYS_DEFENCES: {found.defences!r} is none of {', '.join(DEFENCES)}")
        if not 0 <= found.explore_share <= 1:
            raise DataError(f"RECSYS_EXPLORE_SHARE: {found.explore_share!r} is not between 0 and 1")
        repeat_categories(found.repeat)
        if found.unrecorded_items not in CHOICES:
            raise DataError(
                f"RECSYS_UNRECORDED_ITEMS: {found.unrecorded_items!r} is none of "
                f"{', '.join(CHOICES)}"
            )
        networks(found.webhook_networks)
        MailServer.of(found.smtp, found.mail_from)
        found.proxies  # noqa: B018  a wrong one stops the start
        return found


def _toml(path: str) -> dict[str, object]:
    if not path:
        return {}
    try:
        document = dict(tomllib.loads(Path(path).read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"RECSYS_CONFIG: {path} cannot be read: {error}") from None
    check_file(path, document)
    return document


def _typed(name: str, raw: object, default: object) -> object:
    try:
        if isinstance(default, bool):
            return str(raw).strip().lower() in ("1", "true", "yes", "on")
        if isinstance(default, dict):
            pairs = raw.items() if isinstance(raw, dict) else _pairs(str(raw))
            return {str(kind).strip(): float(weight) for kind, weight in pairs}
        if isinstance(default, tuple):
            parts = raw.split(",") if isinstance(raw, str) else list(raw)  # type: ignore[call-overload]
            return tuple(str(part).strip() for part in parts if str(part).strip())
        return type(default)(raw)  # type: ignore[call-arg]
    except (TypeError, ValueError):
        kind = type(default).__name__
        raise DataError(f"RECSYS_{name.upper()}: {raw!r} is not of type {kind}") from None


def _pairs(text: str) -> list[list[str]]:
    return [part.split("=", 1) for part in text.split(",") if part.strip()]
