"""Pages of items are bounded by what they hold, not by the number of items alone."""

from __future__ import annotations

import json

from conftest import keyed


def test_a_page_holds_no_more_than_some_megabytes_and_next_leads_to_the_rest(make_app):
    client = keyed(make_app(rate_limit=0))
    metadata = {f"key-{n}": "x" * 600 for n in range(100)}  # some 60,000 bytes
    body = [{"item_id": f"heavy-{n:03}", "title": "t", "metadata": metadata} for n in range(90)]
    assert client.post("/items", json=body).status_code == 201
    found, url, pages = [], "/items?n=1000", 0
    while url:
        answer = client.get(url)
        assert answer.status_code == 200 and len(answer.data) < 2_500_000
        found += [one["item_id"] for one in answer.json["items"]]
        url, pages = answer.json["next"], pages + 1
    assert len(found) == len(set(found)) == 150 and pages >= 3
    assert json.dumps(metadata) in json.dumps(client.get("/items/heavy-001").json)
