"""Guardrails of running experiments, judged by one process at a time; harmed experiments stop."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time

from recsys.errors import StoreError
from recsys.experiments.definition import Experiment
from recsys.experiments.experiment_lifecycle import Experiments
from recsys.experiments.unit_counts import Window, unit_counts
from recsys.store.leases import Leases
from recsys.store.outbox import Notice, add_notice
from recsys.store.store import Store

from .store_connection import StoreLink

log = logging.getLogger("recsys.api")

KIND = "experiment_stopped"
PAUSE = 600.0  # seconds between looks at the guardrails
_SHARE = 0.02  # of a processor that looks may take
_LEASE, _LEASE_SECONDS = "experiment_guardrails", 1_800.0


class ExperimentGuardrails:
    """Stops experiments whose end has come, and those that harm a guardrail."""

    def __init__(self, link: StoreLink) -> None:
        self._link = link
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._due = 0.0  # monotonic seconds

    def look(self) -> list[str]:
        """Stop what has to stop; return the ids of the experiments that this look has stopped."""
        try:
            with self._link.use(patient=True) as store:
                return self._look(store)
        except StoreError:
            return []  # the next time

    def _look(self, store: Store) -> list[str]:
        known, now = Experiments(store.db), time.time()
        running = [one for one in known.every() if one.state == "running"]
        stopped = []
        for one in running:
            if one.ends <= now:
                stopped += self._stop(store, one, "its end has come")
        guarded = [one for one in running if one.guardrails and one.begins <= now < one.ends]
        if not guarded or time.monotonic() < self._due:
            return stopped
        if Leases(store.db).take(_LEASE, self._holder, _LEASE_SECONDS) is None:
            return stopped
        from recsys.experiments.report import Reading, harmed_arms  # here: few workers need it

        before = time.thread_time()
        for one in guarded:
            window = Window.of(one, now)
            harmed = harmed_arms(window, Reading.of(one), unit_counts(store.db, window))
            if harmed:
                words = ", ".join(f"{metric} of arm {arm}" for arm, metric in harmed)
                stopped += self._stop(store, one, f"guardrail: {words}")
        taken = time.thread_time() - before
        self._due = time.monotonic() + max(PAUSE, taken / _SHARE)
        return stopped

    def _stop(self, store: Store, one: Experiment, reason: str) -> list[str]:
        """Stop an experiment and make a notice of it; nothing where somebody was first."""
        known = Experiments(store.db)
        if not known.stop_running(one.id, reason):
            return []
        subject = f"experiment:{one.id}"
        data = {"experiment": one.id, "reason": reason, "at": time.time()}
        with store.db.write() as connection:
            add_notice(connection, Notice(KIND, data, subject, subject))
        log.warning("experiment %s was stopped: %s", one.id, reason)
        return [one.id]
