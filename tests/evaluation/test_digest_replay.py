"""What users take up of their digests, in the tiny world, counted by hand."""

import json

import api_world as world
import numpy as np
import pytest
from click.testing import CliRunner

from jobs.commands.evaluate_digest import command
from recsys.errors import DataError
from recsys.evaluation.digest_replay import (
    DAY,
    Act,
    DigestShares,
    births_of,
    digest_figures,
    digest_shares,
)
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState


def test_an_item_came_to_be_with_its_first_event():
    acts = [Act("a", "x", 1.0, 5.0), Act("b", "x", 1.0, 2.0), Act("b", "y", 1.0, 3.0)]
    assert births_of(acts) == {"x": 2.0, "y": 3.0}


def test_what_is_taken_up_of_both_lists_is_counted():
    live = LiveState(world.model())
    cut = world.NOW
    new = [live.item_id(row) for row in range(live.size) if live.created[row] > cut - 100 * DAY]
    assert len(new) > 20
    births = dict.fromkeys(new, cut - DAY)
    acts = [Act(f"u{at}", one, 9.0, cut - DAY / 2) for at, one in enumerate(new[:5])]
    acts += [Act("reader", new[0], 9.0, cut - DAY / 2)]
    acts += [Act("reader", one, 9.0, cut + DAY) for one in new[1:4]]
    acts += [Act("newcomer", new[2], 9.0, cut + DAY)]  # without a history before the cut
    found = digest_shares(Recommender(live), acts, births, cut, 100.0)
    assert len(found.items) == 1 and found.without == 0
    assert 3 <= found.items[0] <= 10 and found.taken[0] <= 3
    assert found.taken_popular[0] == 3  # of the four popular ones that they had not read
    assert found.takeable[0] == 3  # they took up three of the new ones


def test_shares_are_means_over_users():
    def shares(*rows):
        return DigestShares(*np.array(rows, np.float32).reshape(-1, 4).T, without=1)

    found = digest_figures([shares((10, 2, 1, 2)), shares((5, 1, 0, 2), (10, 0, 0, 0))])
    assert (found.users, found.without) == (3, 2)
    assert found.share == pytest.approx((0.2 + 0.2) / 3)
    assert found.popular == pytest.approx(0.1 / 3)
    assert found.ceiling == pytest.approx((0.2 + 0.4) / 0.1)
    assert found.ratio == pytest.approx(4.0) and found.low <= found.ratio <= found.high
    with pytest.raises(DataError, match="no user"):
        digest_figures([shares()])


def test_the_command_says_what_it_needs():
    made = CliRunner().invoke(command, ["--items", "a.csv"])
    assert made.exit_code == 2 and "--events" in made.output


def test_the_command_compares_digests_with_what_is_popular(tmp_path):
    items, events = tmp_path / "items.csv", tmp_path / "events.csv"
    items.write_text("item_id,title\n" + "".join(f"i{n},Film {n}\n" for n in range(40)))
    rows = [
        (user, (user + step) % 40, 1_700_000_000 + 3_600 * (6 * step + user))
        for user in range(30)
        for step in range(8)
    ]
    events.write_text(
        "user_id,item_id,event,value,timestamp\n"
        + "".join(f"u{user},i{item},rating,8,{at}\n" for user, item, at in rows)
    )
    options = ["--items", str(items), "--events", str(events), "--cuts", "1", "--days", "1"]
    made = CliRunner().invoke(command, [*options, "--users", "5"], catch_exceptions=False)
    assert made.exit_code == 0, made.output
    found = json.loads(made.stdout.splitlines()[-1])
    assert found["cuts"] == 1 and 0 < found["users"] + found["without"] <= 5
    assert found["share"] <= 1 and found["ratio"] <= found["ceiling"] + 1e-6
