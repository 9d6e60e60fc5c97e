"""The sentences of an ingest about its events."""

import pytest

from jobs.ingested_event_summary import IngestStatistics, statistics_lines
from recsys.data.records import Event, Item
from recsys.store.store import Store


@pytest.fixture
def report(tmp_path):
    def report(*ids: str, kind: str = "like") -> str:
        with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
            store.add_items([Item("12", "Rye"), Item("b|c", "Two"), Item("x", "X"), Item("y", "Y")])
            statistics = IngestStatistics()
            statistics.count([Event("ann", id, kind) for id in ids])
            return "\n".join(statistics_lines(statistics.report(store)))

    return report


def test_several_ids_in_a_cell_are_told(report):
    told = report("12,15", "x; y")
    assert "2 have several ids in a cell, as '12,15', and are stored as one event each" in told
    assert "1 has several ids in a cell, as 'x|y', and is stored as one event on" in report("x|y")


def test_ids_with_such_signs_are_no_lists(report):
    assert "several ids" not in report("b|c", "x,other", "12", "Paris, France")


def test_one_event_of_an_unknown_kind_weighs_nothing(report):
    assert "1 of the unknown kind 'lkie' weighs nothing until" in report("x", kind="lkie")
    assert "2 of the unknown kind 'lkie' weigh nothing until" in report("x", "y", kind="lkie")


def test_addresses_with_campaign_parameters_are_told(report):
    """One page was as many items as there were campaigns, and nothing said so."""
    told = report(
        "https://x.org/a?utm_source=mail", "https://x.org/a?p=1&gclid=7", "https://x.org/a"
    )
    assert "2 on addresses with campaign parameters (2 items, as https://x.org/a?utm_source" in told
    assert "campaign" not in report("https://x.org/a?page=2", "utm_source=1", "12")
