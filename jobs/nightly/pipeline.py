"""NightPipeline: the ordered steps from the store to a published bundle.

Each step reads what earlier steps left in their folders and writes its own, so that a night that
was killed goes on where it was.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version as code_version
from pathlib import Path
from typing import Any

from recsys.bundle import RawBundle, read_bundle, write_bundle
from recsys.bundle_store import BundleStore
from recsys.data.event_tables import EventTable
from recsys.data.unrecorded_items import with_records
from recsys.errors import DataError
from recsys.experiments.experiment_lifecycle import Experiments
from recsys.fairness.exposure_report import REPORT, exposure_report
from recsys.fairness.popularity_lift import Popularity
from recsys.remote_bundles.remote_bundle_store import RemoteBundleStore
from recsys.safety.comment_dampening import dampened
from recsys.safety.error_rates import flag_error_rates, tone_error_rates
from recsys.store.archived_event_table import ArchiveUse
from recsys.store.event_upkeep import keep_up
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.shown_list_attribution import with_shown_lists
from recsys.text.sentiment.comment_cache import with_comment_sentiment
from recsys.tuning.baseline_comparison import baseline_blend, named
from recsys.tuning.social_term_priors import with_social_priors
from recsys.tuning.tuner_code_hash import tuner_definition
from recsys.tuning.tuning_result import TuningResult

from .context import CHOICE, NightContext
from .data_snapshot import save_snapshot
from .extra_bundle_parts import extra_arrays, extra_steps
from .listed_item_click_rates import click_rates
from .step_runner import Detail, PipelineStep
from .steps.encode_items import distill, encode
from .steps.finetune_encoder import finetune
from .steps.joined_index import build_joined, joined_blobs
from .steps.previous_bundle_comparison import (
    better_of,
    bundle_against_baselines,
    compare_with_previous_bundle,
)
from .steps.title_writing_model import write_titles
from .steps.tune_ranking import (
    against_baselines,
    engine_reason,
    pressure_sentence,
    retune_reason,
    times_hurried,
    tuned,
)
from .steps.vector_index import build_index, index_blobs, kept_index

Manifest = dict[str, Any]


@dataclass(frozen=True)
class NightPipeline:
    """The steps of one run."""

    night: NightContext

    @property
    def steps(self) -> tuple[PipelineStep, ...]:
        """All steps but the last, which only a night that passes the gate may take."""
        words = (self.snapshot, self.distill, self.finetune, self.encode, self.index)
        rest = (self.tune, self.baselines, self.fit, self.joined, self.titles, self.gate)
        first = [PipelineStep(run.__name__, run) for run in words]
        return (
            *first,
            *extra_steps(self.night),
            *(PipelineStep(run.__name__, run) for run in rest),
        )

    def snapshot(self, out: Path) -> Detail:
        """Copy events and items out of the store; the log positions come first, see Feed."""
        upkeep = self.kept_up()
        position = {
            "last_event_id": self.night.store.last_event_id(),
            "last_change_id": self.night.store.last_change_id(),
        }
        events, archived = self.stored_events()
        items = self.night.store.item_table()
        events = (
            with_comment_sentiment(events, self.night.settings.sentiment_scorer)
            if self.night.settings.tone_strength
            else events
        )
        events = dampened(events)
        if not len(events) and not len(items):
            raise DataError("the store holds no event and no item: run `recsys ingest` first")
        mix = events.kind_counts()
        self.night.settings.weights.check_kinds(mix)
        choice = self.night.settings.unrecorded_items
        events, unrecorded = with_records(events, items, choice, self.night.settings.weights)
        if unrecorded.events and not unrecorded.listed:
            self.night.progress.message(unrecorded.sentence)
        follows = self.night.store.follow_table(events, items.author)
        events = replace(events, follows=follows)
        store = self.night.store
        events = with_shown_lists(events, store.db, Pseudonyms.of_store(store))
        save_snapshot(out, events, items)
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        return {
            "events": len(events),
            "items": len(items),
            "users": len(events.users),
            "follows": 0 if follows is None else len(follows),
            "from_lists": 0 if events.shown is None else int(events.shown.named.sum()),
            "kinds": mix,
            "unrecorded": asdict(unrecorded),
            "unknown_kinds": self.night.settings.weights.unknown_kinds(mix),
            "version": f"{stamp}-{self.night.number}",
            "archive": None if archived is None else asdict(archived),
            "upkeep": upkeep,
            **position,
        }

    def kept_up(self) -> Detail:
        """Do the upkeep of the table of events, and say what was removed."""
        done = keep_up(self.night.store, self.night.settings.keep_event_days, time.time())
        if "problem" in done:
            self.night.progress.message(f"the upkeep of events is not complete: {done['problem']}")
        expired = done.get("expired", {})
        if expired.get("events"):
            count, day = expired["events"], expired["before"]
            self.night.progress.message(f"{count:,} events from before {day} were removed")
        if expired.get("kept"):
            days = ", ".join(expired["kept"])
            self.night.progress.message(f"readers hold {days}: the next night removes it")
        return done

    def stored_events(self) -> tuple[EventTable, ArchiveUse | None]:
        """Return all events of the store, by way of the archive where there is one."""
        store = self.night.store
        if store.archive is None:
            return store.event_table(), None
        events, used = store.archived_event_table(time.time())
        if used.problem:
            self.night.progress.message(f"the archive is not up to date: {used.problem}")
        return events, used

    def distill(self, out: Path) -> Detail:
        """Have the static word vectors, which are made once per machine."""
        return distill(self.night)

    def finetune(self, out: Path) -> Detail:
        """Let the encoder learn from users, where settings and machine ask for it."""
        return finetune(self.night)

    def encode(self, out: Path) -> Detail:
        """Give every item its word vector; texts that an earlier night has encoded keep theirs."""
        return encode(self.night, out)

    def tune(self, out: Path) -> Detail:
        """Choose engines and score model, or take over what the current bundle was made with."""
        seen, before = self.night.detail("snapshot"), self.night.before
        plan = {
            "encoder": self.night.detail("finetune")["family"],
            "event_weights": self.night.kinds,
            "direction": self.night.settings.direction,
            "engines": list(self.night.settings.engines),
            "tuner": tuner_definition(),
        }
        manifest = before.manifest if before is not None else {}
        days, minutes = self.night.settings.tune_days, self.night.settings.tune_minutes
        why = retune_reason(manifest, seen, plan, days, minutes)
        why = "of the option --tune" if self.night.tune_always else why
        if why is None:
            choice, tuning = TuningResult.from_json(manifest["choice"]), manifest["tuning"]
        else:
            choice = tuned(self.night)
            counts = {name: seen[name] for name in ("events", "items", "kinds")}
            hurried = times_hurried(manifest, choice, minutes)
            tuning = {"at": time.time(), "counts": counts, **plan}
            tuning |= {"minutes": minutes, "hurried": hurried, "quick": self.night.quick}
            if choice.pressure:
                sentence = pressure_sentence(choice.pressure, hurried, days)
                self.night.progress.message(sentence)
        (out / CHOICE).write_text(json.dumps(choice.to_json()))
        return {
            "tuned": why is not None,
            "quick": why is not None and self.night.quick,
            "because": why or "the last tuning is still valid",
            "design": choice.design,
            "personal": choice.score_model.personal,
            "engines": " + ".join(choice.engines) or "none",
            "engine_reason": engine_reason(choice, seen["items"]),
            "pressure": list(choice.pressure),
            "tuning": tuning,
        }

    def baselines(self, out: Path) -> Detail:
        """Let the choice, popular and trending answer the newest events; decide what is fitted.

        A choice that was taken over is judged by the bundle in service, where that says enough.
        Where the choice loses, or a planted attack moves too many entries, and no bundle is in
        service, a baseline is what serves. Where the choice is new and worse than that of the
        bundle in service, the earlier one stays.
        """
        choice = TuningResult.from_json(
            json.loads((self.night.folder / "tune" / CHOICE).read_text())
        )
        tuned = self.night.detail("tune")
        in_service = None if tuned["tuned"] else bundle_against_baselines(self.night, choice)
        compared = in_service or against_baselines(self.night, choice)
        lost = compared.contest.lost and choice.design != "baseline"
        moved = not compared.attack.passed and choice.design != "baseline"
        previous, kept = None, False
        if tuned["tuned"] and not lost and not moved:
            retuned = better_of(self.night, choice, compared, tuned["tuning"])
            choice, compared, kept = retuned.choice, retuned.comparison, retuned.kept
            previous = retuned.verdict
        found, attack = compared.contest, compared.attack
        result = found.description()
        if attack.people:
            result = f"{result}; {attack.description()}"
        if lost and self.night.before is None:
            score_model = with_social_priors(baseline_blend(found.baseline), None)
            choice = TuningResult(
                (), score_model, choice.evidence, None, "baseline", choice.pressure
            )
            result = f"{named(found.baseline)} is published, the tuned model is worse: {result}"
        elif moved and self.night.before is None:
            choice = TuningResult(
                (),
                with_social_priors(baseline_blend("share_all"), None),
                choice.evidence,
                None,
                "baseline",
                choice.pressure,
            )
            result = f"the tuned model fails the simulated attack, popular is published: {result}"
        elif choice.design == "untested":
            result = f"fixed settings, {result}"
        elif kept and previous is not None:
            result = (
                "the settings of the previous bundle stay, those tuned tonight are no better"
                f" ({previous.reason}); {result}"
            )
        (out / CHOICE).write_text(json.dumps(choice.to_json()))
        refused = (lost or moved) and self.night.before is not None
        values = {**asdict(found), "tested": found.tested, "attack": asdict(attack), "lost": lost}
        values |= {"kept": kept, "in_service": in_service is not None}
        values["previous"] = asdict(previous) if previous is not None and not kept else None
        return {"passed": not refused, "design": choice.design, "reason": result, **values}

    def fit(self, out: Path) -> Detail:
        """Fit the chosen engines to everything there is, and put the model together."""
        night = self.night
        if night.quick:
            model = night.tried(night.data, night.choice, posts=True)
        else:
            model = night.model(night.data, night.choice, night.words(night.data), posts=True)
        write_bundle(out, model.arrays(), {}, {"model": model.settings()})
        size = sum(path.stat().st_size for path in out.iterdir())
        return {"items": len(model), "mb": size / 1e6}

    def index(self, out: Path) -> Detail:
        """Index the word vectors where they are many, and measure what the index finds.

        Before tuning, which looks up near texts in it. That of the bundle in service stays where
        no text has changed and no item is new.
        """
        words = read_bundle(self.night.folder / "encode").arrays["vectors"]
        seed = self.night.settings.seed
        kept = kept_index(self.night.before, words, out, seed)
        return kept or build_index(words, out, seed, device=self.night.device)

    def joined(self, out: Path) -> Detail:
        """Index behaviour and text together, where that is requested or lowers the cost."""
        return build_joined(self.night, out)

    def titles(self, out: Path) -> Detail:
        """Let a T5 learn to write titles, where one is named; no bundle depends on it."""
        return write_titles(self.night, out)

    def gate(self, out: Path) -> Detail:
        """Let today's settings and yesterday's bundle answer the newest events."""
        return asdict(compare_with_previous_bundle(self.night))

    def publish(self, out: Path) -> Detail:
        """Publish what was fitted; a version that is there already was published and killed."""
        bundles, version = BundleStore(self.night.settings.home), self.night.version
        folder = self.night.folder
        fitted, joined = read_bundle(folder / "fit"), read_bundle(folder / "joined")
        blobs = index_blobs(folder / "index") | joined_blobs(folder / "joined")
        arrays = {**fitted.arrays, **extra_arrays(folder)}
        arrays |= {f"joined/{name}": array for name, array in joined.arrays.items()}

        def write(folder: Path) -> None:
            write_bundle(folder, arrays, blobs, self.manifest(fitted))

        if any(info.version == version for info in bundles.versions()):
            bundles.rollback(version)
        else:
            bundles.publish(write, version)
        used = Experiments(self.night.store.db).bundles_in_use()
        kept = max(self.night.settings.keep_bundles, 1)
        if self.night.settings.bundles:
            remote = RemoteBundleStore.open(self.night.settings.bundles)
            remote.push(bundles.folder / version)
            remote.prune(kept, used)
        bundles.prune(kept, used)
        fairness = self.fairness()
        self.night.store.set_note(REPORT, json.dumps(fairness))
        names = ("gini", "new_share", "unseen", "worst", "popularity")
        exposure = {name: fairness[name] for name in names}
        return {"version": version, "clicks": click_rates(self.night.store), "fairness": exposure}

    def fairness(self) -> dict[str, Any]:
        """Return the report of exposure, with popularity lift and error rates by language."""
        night, data = self.night, self.night.data
        liked = data.weight > 0
        popularity = Popularity.of(data.items, data.user[liked], data.item[liked])
        found = exposure_report(
            night.store.db, night.settings.fairness_groups, popularity=popularity
        )
        last = int(night.detail("snapshot")["last_event_id"])
        kinds = night.settings.weights.meanings
        scorer = night.settings.sentiment_scorer
        tones = tone_error_rates(night.store.db, scorer, last, lambda kind: kinds[kind].rates)
        return found | {"flag_errors": flag_error_rates(night.store.db), "tone_errors": tones}

    def manifest(self, fitted: RawBundle) -> Manifest:
        """Return the manifest of the bundle."""
        seen, tuned, gate = (self.night.detail(name) for name in ("snapshot", "tune", "gate"))
        return {
            "version": self.night.version,
            "code_version": code_version("recsys"),
            "model": fitted.manifest["model"],
            "cutoff": fitted.manifest["model"]["cutoff"],
            "last_event_id": seen["last_event_id"],
            "last_change_id": seen["last_change_id"],
            "counts": {
                **{name: seen[name] for name in ("users", "items", "events")},
                "with_words": self.night.detail("encode")["with_words"],
            },
            "metrics": {"ndcg@20": gate["today"], "people": gate["people"]},
            "gate": gate,
            "design": self.night.choice.design,
            "pressure": list(self.night.choice.pressure),
            "index": self.night.detail("index"),
            "joined": self.night.detail("joined"),
            "choice": self.night.choice.to_json(),
            "tuning": tuned["tuning"],
            "encoder": self.night.encoder,
            "event_weights": self.night.kinds,
            "seed": self.night.settings.seed,
        }
