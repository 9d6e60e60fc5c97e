"""Settings of the commands: the environment, else one TOML file (RECSYS_CONFIG), else defaults.

Each is declared once, below; `TABLE` is what docs/settings.md prints. This is the only module of
jobs/ that reads the environment.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from recsys.data.event_kinds import KIND_WEIGHTS
from recsys.data.event_weights import REMARKS, TONE, EventWeights
from recsys.errors import DataError
from recsys.ranking.query import repeat_categories
from recsys.setting_names import check_environment, check_file, is_service_link
from recsys.text.encoders.static import default_cache
from recsys.text.sentiment.scorer import SentimentScorer

PREFIX = "RECSYS_"
CONFIG = "RECSYS_CONFIG"

Switch = Literal["auto", "on", "off"]
Networks = tuple[str, ...]  # 10.0.0.0/8, …
OnOff = Literal["on", "off"]
AutoOff = Literal["auto", "off"]
Names = tuple[str, ...]


def _setting(default: Any, help: str, shown: str | None = None) -> Any:
    shown = str(default) if shown is None else shown
    return field(default=default, metadata={"help": help, "default": shown})


@dataclass(frozen=True, slots=True)
class Settings:
    """One value per setting; RECSYS_HOME is `home` here and in the TOML file, and so on."""

    home: Path = _setting(
        Path("data/var"), "folder of the store, the bundles, the runs and fine-tuned encoders"
    )
    store: str = _setting(
        "", "database: sqlite:///path or postgresql+psycopg://…", "sqlite:///<home>/store.db"
    )
    cache: Path = field(
        default_factory=default_cache,
        metadata={
            "help": "folder of word vectors that are distilled once per machine, for all homes",
            "default": "the user's cache folder",
        },
    )
    device: str = _setting("auto", "where the night computes: auto, cpu or cuda")
    encoder: str = _setting(
        "static", "words to vectors: static, use, minilm, t5:<folder or hub name>, or any such name"
    )
    finetune: Switch = _setting(
        "auto", "whether the encoder learns from readers: auto (on a GPU), on or off"
    )
    finetune_minutes: float = _setting(4.0, "time that a night may spend on fine-tuning")
    tune_minutes: float = _setting(
        4.0, "CPU minutes that a night may spend on tuning, when it tunes; four times by the clock"
    )
    engines: Names = _setting(
        (), "engines that tuning chooses from, with or without settings: slist,als,ease 50", "all"
    )
    direction: AutoOff = _setting(
        "auto",
        "whether models may use which item comes after which: auto (where times differ, or where"
        " validation gains whatever the numbering of the items), or off",
    )
    tune_days: float = _setting(7.0, "days after which a night tunes again")
    seed: int = _setting(0, "seed of everything that draws at random in a night")
    event_weights: Mapping[str, float] | None = _setting(
        None, "weight per kind of event where it differs: like=1,view=0.2,dislike=-1", "built in"
    )
    gazetteer: str = _setting(
        "", "a CSV file of names to find in texts: name, kind, other spellings", ""
    )
    safety_model: str = _setting(
        "", "a scorer of doubtful texts beside the built-in words: module:function", ""
    )
    flag_weight: float = _setting(
        1.0, "how much lower flagged items are shown, in standard deviations of the scores; 0: off"
    )
    rising_weight: float = _setting(
        0.05, "most that a burst adds to a score, in standard deviations of the scores; 0: off"
    )
    tone_strength: float = _setting(
        TONE, "how far the tone of a comment moves the weight of its event, 0: not at all, to 2"
    )
    comment_strength: float = _setting(
        REMARKS,
        "the same for comments and replies, 0 to 4; with RECSYS_TONE_STRENGTH=0 none is moved",
    )
    defences: OnOff = _setting(
        "on", "whether acts of accounts that come together unusually count like one: on or off"
    )
    repeat: tuple[str, ...] = _setting(
        (), "categories whose items lists may hold again: category:Groceries,category:Music", ""
    )
    unrecorded_items: Switch = _setting(
        "auto",
        "whether lists hold items that only events tell of, each after three different people: on, "
        "off, or auto: where fewer than half of the items with events have a record",
    )
    keep_bundles: int = _setting(7, "versions that a night keeps, besides the current one")
    webhook_networks: Networks = _setting(
        (), "private networks that webhooks may reach: 10.0.0.0/8,192.168.1.7", ""
    )
    smtp: str = _setting(
        "", "mail server for notices: smtp+starttls://user:password@host:587, smtps:// or smtp://"
    )
    mail_from: str = _setting("", "address that mail is from")
    public_url: str = _setting("", "URL under which others reach the service, for links in mail")
    notice_retry_seconds: float = _setting(
        5.0, "seconds until a failed delivery of a notice is tried again; doubles with each try"
    )
    host: str = _setting("127.0.0.1", "address that `recsys serve` listens on")
    port: int = _setting(8000, "port that `recsys serve` listens on")
    workers: int = _setting(1, "processes of `recsys serve`; a good number is one per core")

    @property
    def store_url(self) -> str:
        """The store's URL, with the default filled in."""
        return self.store or f"sqlite:///{self.home / 'store.db'}"

    @property
    def weights(self) -> EventWeights:
        """The weights of events, those of the settings over the built-in ones."""
        kinds = {**KIND_WEIGHTS, **(self.event_weights or {})}
        voices = self.defences == "on"
        return EventWeights(
            kinds=kinds,
            tone=self.tone_strength,
            remarks=self.comment_strength,
            voices=voices,
        )

    @property
    def repeat_categories(self) -> frozenset[str]:
        """The categories whose items may be recommended again."""
        return repeat_categories(self.repeat)

    @property
    def tones(self) -> SentimentScorer:
        """The tone of texts, as the service reads it."""
        return SentimentScorer(self.home)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; DataError names the one that is wrong."""
        environ = os.environ if environ is None else environ
        check_environment(environ)
        given = _from_file(environ[CONFIG]) if environ.get(CONFIG) else {}
        for item in fields(cls):
            text = environ.get(PREFIX + item.name.upper())
            if text is not None and text != "" and not is_service_link(text):
                given[item.name] = (PREFIX + item.name.upper(), text)
        values = {name: _parse(name, where, value) for name, (where, value) in given.items()}
        settings = cls(**values)
        # absolute, because a server may be started from another folder
        home, cache = (path.expanduser().absolute() for path in (settings.home, settings.cache))
        return replace(settings, home=home, cache=cache)


TABLE: tuple[tuple[str, str, str], ...] = (
    *(
        (PREFIX + f.name.upper(), f.metadata["default"], f.metadata["help"])
        for f in fields(Settings)
    ),
    (CONFIG, "", "a TOML file with the same names in lower case, without RECSYS_"),
)


def server_environment(settings: Settings, host: str, workers: int) -> dict[str, str]:
    """Return the environment for a server process: the caller's, plus what it must agree on.

    One BLAS thread per worker: with several, small products wait for each other (0.2 ms becomes
    8 ms), and workers already use every core.
    """
    shared = {
        "RECSYS_HOME": str(settings.home),
        "RECSYS_STORE": settings.store_url,
        "RECSYS_HOST": host,
        "RECSYS_WORKERS": str(workers),
    }
    if settings.event_weights:
        shared["RECSYS_EVENT_WEIGHTS"] = ",".join(
            f"{kind}={weight:g}" for kind, weight in settings.event_weights.items()
        )
    if settings.repeat:
        shared["RECSYS_REPEAT"] = ",".join(settings.repeat)
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {**own_modules(), **shared, **dict.fromkeys(threads, "1")}


def own_command(module: str) -> list[str]:
    """Return the command line of a module of jobs/, to run with the environment of own_modules."""
    return [sys.executable, "-P", "-m", f"{__package__}.{module}"]


def own_modules() -> dict[str, str]:
    """Return the environment in which a further Python finds our modules before any others.

    Started with -P it does not look into its current folder. In a checkout, where jobs/ and api/
    lie at the top, the checkout comes first on the path.
    """
    found = dict(os.environ)
    if __package__ == "jobs":
        top = str(Path(__file__).absolute().parents[1])
        found["PYTHONPATH"] = os.pathsep.join(filter(None, (top, found.get("PYTHONPATH"))))
    return found | {"PYTHONSAFEPATH": "1"}


def _from_file(name: str) -> dict[str, tuple[str, Any]]:
    path = Path(name).expanduser()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{CONFIG}={name}: {error}") from error
    check_file(str(path), document)  # the service reads its own settings from the same file
    known = [item.name for item in fields(Settings)]
    return {key: (f"{path}: {key}", document[key]) for key in known if key in document}


def _parse(name: str, where: str, value: Any) -> Any:
    kind = {f.name: str(f.type) for f in fields(Settings)}[name]
    try:
        return _PARSERS[kind](value)
    except (ValueError, TypeError) as error:
        raise DataError(f"{where} = {value!r}: {error}") from error


def _number(value: Any) -> float:
    number = float(value)
    if not 0 <= number < float("inf"):
        raise ValueError("must be a number from 0 on")
    return number


def _whole(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise ValueError("must be a whole number")
    return int(number)


def _one_of(choices: tuple[str, ...]) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return str(value)

    return parse


def _weights(value: Any) -> dict[str, float]:
    if isinstance(value, str):
        value = dict(_pair(part) for part in value.split(",") if part.strip())
    if not isinstance(value, dict):
        raise ValueError("must be like=1,view=0.2 or a TOML table")
    weights = {str(kind).strip(): float(weight) for kind, weight in value.items()}
    if not all(abs(weight) < 1e6 for weight in weights.values()):
        raise ValueError("each weight must be a finite number")
    return weights


def _networks(value: Any) -> Networks:
    parts = value.split(",") if isinstance(value, str) else list(value)
    return tuple(str(part).strip() for part in parts if str(part).strip())


def _names(value: Any) -> Names:
    parts = value.split(",") if isinstance(value, str) else list(value)
    return tuple(" ".join(str(part).split()) for part in parts if str(part).strip())


def _repeat(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else list(value)
    found = tuple(str(part).strip() for part in parts if str(part).strip())
    try:
        repeat_categories(found)
    except DataError as error:
        raise ValueError("must be category:<name>, joined by commas") from error
    return found


def _pair(part: str) -> tuple[str, str]:
    kind, equals, weight = part.partition("=")
    if not equals:
        raise ValueError("must be like=1,view=0.2")
    return kind.strip(), weight


_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "Path": Path,
    "str": str,
    "float": _number,
    "int": _whole,
    "Switch": _one_of(get_args(Switch)),
    "OnOff": _one_of(get_args(OnOff)),
    "AutoOff": _one_of(get_args(AutoOff)),
    "Mapping[str, float] | None": _weights,
    "tuple[str, ...]": _repeat,
    "Names": _names,
    "Networks": _networks,
}
