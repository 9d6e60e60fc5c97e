"""Figures of profiles: a town of sides is foretold, a crowd without sides is not."""

import json

import numpy as np
import pytest
import worlds
from click.testing import CliRunner

from jobs.commands.evaluate_user_profiles import command
from recsys.data.dataset import Dataset
from recsys.data.records import Event
from recsys.data.table_builder import item_table
from recsys.evaluation.return_and_community_quality import community_figures, returning_figures

DAY = 86_400.0


def town(sides):
    """Return users who take up what their side does; with one side, what anybody does."""
    rng, found = np.random.default_rng(5), []
    for who in range(240):
        own = rng.permutation(160 // sides)[:15] + (who % sides) * (160 // sides)
        found += [
            Event(f"p{who}", f"i{n}", "like", timestamp=1e9 + who + at * DAY)
            for at, n in enumerate(own.tolist())
        ]
    return Dataset.build(worlds.event_table(found), item_table([]))


def test_later_likes_are_at_home_where_there_are_sides():
    sided, crowd = community_figures(town(4)), community_figures(town(1))
    assert sided["at_home"] > 0.9 and sided["at_home"] > 2 * sided["by_chance"]
    assert crowd["at_home"] == pytest.approx(crowd["by_chance"], abs=0.1)
    assert sided["people"] == 240 and sided["likes"] == 720


def test_too_little_gives_no_figures():
    assert community_figures(worlds.nothing()) == {} == returning_figures(worlds.nothing())


def test_the_command_writes_what_it_prints(tmp_path):
    lines = ["user_id,item_id,event,timestamp"]
    data = town(4)
    columns = zip(data.user.tolist(), data.item.tolist(), data.time.tolist(), strict=True)
    lines += [f"{data.users[u]},{data.items[i]},like,{t}" for u, i, t in columns]
    (tmp_path / "events.csv").write_text("\n".join(lines))
    out = tmp_path / "out.json"
    given = ["--events", str(tmp_path / "events.csv"), "--json", str(out)]
    result = CliRunner().invoke(command, given, catch_exceptions=False)
    assert json.loads(result.output) == json.loads(out.read_text())
    assert json.loads(result.output)["communities"]["likes"] == 720
