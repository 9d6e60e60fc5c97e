"""CPU time of turns of a dialogue, and of the list requests of the same users."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from recsys.dialogue.conversation import Conversation
from recsys.dialogue.dialogue import Dialogue
from recsys.evaluation.critique_dialogues import PAGE, Seeker, SeekerService
from recsys.personal_list import ListRequest, UserState, query_of
from recsys.recommender import Recommender

WARM = 20  # turns before the measured ones


@dataclass(frozen=True, slots=True)
class TurnTimes:
    """Milliseconds of CPU: the median and the 99th percentile."""

    turns: int
    turn_p50: float
    turn_p99: float
    list_p50: float
    list_p99: float


def turn_times(
    recommender: Recommender, dialogue: Dialogue, users: Sequence[Seeker], texts: Sequence[str]
) -> TurnTimes:
    """Return the times of one message per user, in turn, and of a list of ten for the same user.

    Conversations go on for five messages.
    """
    turns, lists = [], []
    conversation = Conversation()
    for place, user in enumerate(users):
        state = UserState(None, user.history)
        start = time.thread_time()
        recommender.recommend(replace(query_of(state, ListRequest()), n=PAGE))
        lists.append(time.thread_time() - start)
        if place % 5 == 0:
            conversation = Conversation()
        service = SeekerService(recommender, state)
        start = time.thread_time()
        reply = dialogue.reply(texts[place % len(texts)], conversation, service, "en", PAGE)
        turns.append(time.thread_time() - start)
        conversation = reply.conversation
        if place == WARM:
            gc.collect()
            turns, lists = [], []
    of_turns, of_lists = 1000 * np.array(turns), 1000 * np.array(lists)
    return TurnTimes(
        len(turns),
        float(np.median(of_turns)),
        float(np.quantile(of_turns, 0.99)),
        float(np.median(of_lists)),
        float(np.quantile(of_lists, 0.99)),
    )
