"""/help: the passage that answers, contradictions, and what is not known."""

from recsys.help.help_index_storage import write_help
from recsys.help.passage import Passage
from recsys.help.question_answering import shared_vectors


def test_an_answer_has_its_title_and_link(make_app, home):
    passages = [
        Passage("How do I pay?", "By card.", "pay.html#card", "en"),
        Passage("How do I return items?", "Within 14 days.", "returns.html", "en"),
    ]
    client = make_app(help_contact="help@example.org").test_client()
    none = client.get("/help?q=pay&lang=zh").json
    assert not none["loaded"] and none["text"].startswith("我不知道。")
    write_help(home, passages, shared_vectors())
    client = make_app(help_contact="help@example.org").test_client()
    found = client.get("/help?q=how+can+I+pay").json
    assert found["known"] and not found["contradicts"]
    assert found["passages"][0]["link"] == "pay.html#card"
    assert found["text"] == "How do I pay?\nBy card.\npay.html#card"
    other = client.get("/help?q=world+cup+1998").json
    assert other["text"] == "I do not know. Please ask help@example.org." and other["loaded"]
    assert client.get("/help?q=%20").status_code == 400
