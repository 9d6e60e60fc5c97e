"""/dialogue with a language model: what it may choose and reword, and what it may not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from conftest import keyed
from flask import Flask
from model_servers import model_server

NONSENSE = "zorble the wumpus grobnik"
MakeApp = Callable[..., Flask]


def said(make_app: MakeApp, script: Callable[[dict[str, Any], int], str | bytes], *texts: str):
    """Return the answers to messages with a model that answers by a script, and its requests."""
    with model_server(script) as server:
        client = keyed(make_app(llm=server.setting))
        answers = [client.post("/dialogue", json={"text": text, "user": "ann"}) for text in texts]
        assert {one.status_code for one in answers} == {200}
        return [one.json for one in answers], server.requests


def chooses(*commands: dict[str, Any]) -> Callable[[dict[str, Any], int], str]:
    """Return a script that chooses commands at first, and then rewords nothing."""
    return lambda body, n: json.dumps({"commands": list(commands)}) if n == 0 else ""


def test_a_message_that_is_not_understood_is_read_by_the_model(make_app: MakeApp) -> None:
    only = {"kind": "steer", "action": "only", "target": {"words": "chess"}}
    (answer,), requests = said(make_app, chooses(only), NONSENSE)
    assert [one["kind"] for one in answer["commands"]] == ["steer"]
    assert {one["item_id"].split("-")[0] for one in answer["items"]} == {"chess"}
    assert NONSENSE in requests[0]["messages"][1]["content"]


def test_a_message_that_is_understood_is_not_read_by_it(make_app: MakeApp) -> None:
    less = {"kind": "steer", "action": "mute", "target": {"words": "chess"}}
    (answer,), requests = said(make_app, chooses(less), "only chess")
    assert [one["action"] for one in answer["commands"]] == ["only"]
    assert all("Schema:" not in one["messages"][0]["content"] for one in requests)


@pytest.mark.parametrize(
    "answer",
    [
        '{"commands": [{"kind": "erase", "user": "ben"}]}',
        '{"commands": [{"kind": "steer", "action": "only", "target": {"words": "chess"},'
        ' "scope": "profile"}]}',
        '{"commands": [{"kind": "find", "target": {"words": "x", "kind": "item", "value": "1"}}]}',
        '{"commands": [{"kind": "handoff", "reason": "threat"}]}',
        '{"commands": []}',
        '{"commands": [{"kind": "cannotdo", "what": "unknown"}]}',
        "only chess",
        "<html>",
    ],
)
def test_what_the_schema_lacks_is_not_carried_out(make_app: MakeApp, answer: str) -> None:
    (found,), _ = said(make_app, lambda body, n: answer if n == 0 else "", NONSENSE)
    assert found["commands"][0]["kind"] == "cannotdo" and not found["items"]


def test_another_wording_keeps_its_facts_and_its_spans(make_app: MakeApp) -> None:
    (answer,), _ = said(make_app, lambda body, n: "Chess only.", "only chess")
    assert answer["text"] == "Chess only."
    for span in answer["spans"]:
        assert answer["text"][span["start"] : span["end"]] == span["value"]
    (answer,), _ = said(make_app, lambda body, n: "Only chess, by Magnus of Paris.", "only chess")
    assert answer["text"] == "Only chess."


def test_texts_of_the_operator_are_not_reworded(make_app: MakeApp) -> None:
    (answer,), requests = said(make_app, lambda body, n: "Cheer up.", "I want to kill myself")
    assert answer["handoff"] and "Cheer" not in answer["text"] and not requests
