"""The command evaluate-trends, on files."""

import json

import pytest
from click.testing import CliRunner

from jobs.commands.evaluate_trends import command
from recsys.errors import DataError


def write(tmp_path, days):
    """Write days of three likes an hour, three items in turn."""
    rows = ["user_id,item_id,event,timestamp"]
    rows += [f"u{n},i{n % 3},like,{1_700_000_000 + 1200 * n}" for n in range(72 * days)]
    (tmp_path / "events.csv").write_text("\n".join(rows))
    items = ["item_id,title,tags", "i0,A tide,sea", "i1,A wave,sea", "i2,A rook,chess"]
    (tmp_path / "items.csv").write_text("\n".join(items))
    return ["--items", str(tmp_path / "items.csv"), "--events", str(tmp_path / "events.csv")]


def test_figures_are_written(tmp_path):
    out = tmp_path / "out.json"
    done = CliRunner().invoke(command, [*write(tmp_path, 42), "--json", str(out)])
    assert done.exit_code == 0, done.output
    found = json.loads(out.read_text())
    assert found["acts"] == 72 * 42 and found["forecast"]["series"] == 5
    assert found["forecast"]["coverage"] > 0.8  # a clock's hours are all alike
    assert found["settled"]["precision"] == 1.0 and found["settled"]["recall"] > 0.4


def test_too_short_a_stream_is_refused(tmp_path):
    with pytest.raises(DataError, match="spans 19 days, 28 are needed"):
        CliRunner().invoke(command, write(tmp_path, 20), catch_exceptions=False)
    with pytest.raises(DataError, match="nothing to judge"):
        CliRunner().invoke(command, [], catch_exceptions=False)
