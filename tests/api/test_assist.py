"""/assist: suggestions from the text alone, with what may not stand in them left out."""

import time

import pytest
from model_servers import model_server

from recsys.evaluation.tag_trials import tag_figures
from recsys.writing.extracted_titles_and_tags import read_text, tags
from recsys.writing.tag_index import TagIndex

TEXT = (
    "Hello everybody. The old lighthouse of Skagen is open again after ten years. "
    "Write to ann@example.org or call +45 12 34 56 78. I was there with #family. "
    "The lighthouse is not free: a ticket costs 5 euros. See https://example.org/tickets."
)


@pytest.mark.parametrize("what", ["title", "caption"])
def test_suggestions_are_words_of_the_text(client, what):
    found = client.post(f"/assist/{what}", json={"text": TEXT, "n": 3}).json
    assert found["read"] == len(TEXT) and found["suggestions"]
    assert "lighthouse" in found["suggestions"][0]["text"]
    for one in found["suggestions"]:
        assert one["made"] == "extract" and len(one["text"]) <= 180
        assert "@" not in one["text"] and "12 34" not in one["text"]
        if "free" in one["text"]:
            assert "not free" in one["text"]


def test_tags_are_hashtags_tags_in_use_and_frequent_nouns(client):
    found = client.post("/assist/tags", json={"text": TEXT, "n": 5}).json["suggestions"]
    assert [one["text"] for one in found][:2] == ["family", "lighthouse"]
    zh = {"text": "新手机的电池很好。手机的电池用了两天。", "n": 3}
    names = [one["text"] for one in client.post("/assist/tags", json=zh).json["suggestions"]]
    assert "手机" in names and "电池" in names


def test_a_model_may_reword_but_not_invent(make_app):
    answers = ["Skagen's old lighthouse is open again after ten years", "Free lighthouse in Paris"]
    with model_server(lambda body, n: answers[n]) as server:
        client = make_app(llm=server.setting).test_client()
        first, second = (
            client.post("/assist/title", json={"text": TEXT}).json["suggestions"] for _ in answers
        )
        counted = client.get("/metrics").get_data(as_text=True)
    assert first[0] == {"text": answers[0], "made": "model"}
    assert {one["made"] for one in second} == {"extract"}
    assert 'recsys_language_model_answers_total{outcome="ungrounded"} 1.0' in counted


@pytest.mark.parametrize(
    "text", ["word", "ALL CAPS HERE", "😀😀", "مرحبا بالعالم", "x = 1; y(2)", "a " * 50_000, "<b>"]
)
def test_odd_texts_have_an_answer(client, text):
    for what in ("title", "caption", "tags"):
        assert client.post(f"/assist/{what}", json={"text": text}).status_code == 200
    assert client.post("/assist/title", json={"text": " "}).status_code == 422


def test_tags_in_use_are_those_that_the_text_names(client, service):
    item = {"item_id": "tagged", "title": "x", "tags": ["Two Words", "手机电池", "two"]}
    assert client.post("/items", json=item).status_code == 201
    service.worker.tick()
    body = {"text": "About TWO  words. 手机电池很好。", "n": 3}
    found = client.post("/assist/tags", json=body).json["suggestions"]
    assert [one["text"] for one in found] == ["two", "Two Words", "手机电池"]
    client.post("/items", json={**item, "item_id": "later", "tags": ["later"]})
    service.worker.tick()
    found = client.post("/assist/tags", json={"text": "Better later."}).json["suggestions"]
    assert found[0]["text"] == "later"


def test_a_short_text_gets_the_tags_that_items_near_it_agree_on(client):
    body = {"text": "One sailor, a wave and the old anchor", "n": 5}
    found = [one["text"] for one in client.post("/assist/tags", json=body).json["suggestions"]]
    assert found[:3] == ["sailor", "wave", "anchor"] and "sea" in found and "chess" not in found
    mixed = {"text": "tide rook dough", "n": 5}
    found = [one["text"] for one in client.post("/assist/tags", json=mixed).json["suggestions"]]
    assert not {"sea", "chess", "bread"} & set(found)
    long = {
        "text": "One sailor, a wave and the old anchor. " + "Nothing else is said. " * 10,
        "n": 5,
    }
    found = [one["text"] for one in client.post("/assist/tags", json=long).json["suggestions"]]
    assert "sea" not in found


def test_tags_of_a_held_out_item_are_found_by_its_neighbours(service):
    figures = tag_figures(service.serving_or_none.live, least=2, longest=2)
    assert figures.titles == 60 and figures.answered > 0.9 and figures.precision > 0.9
    assert tag_figures(service.serving_or_none.live, least=9, longest=9).titles == 0


def test_a_text_takes_as_long_among_few_tags_as_among_many():
    text = read_text("The cat sat on tag number 77. 手机电池很好。" + " more words" * 1_700)
    indexes = [TagIndex.of(f"tag number {n}" for n in range(size)) for size in (100, 100_000)]
    seconds = []
    for index in indexes:
        best = float("inf")
        for _ in range(3):
            begin = time.process_time()
            assert tags(text, 3, index)[0] == "tag number 77"
            best = min(best, time.process_time() - begin)
        seconds.append(best)
    assert seconds[1] < 3 * seconds[0] + 0.05
