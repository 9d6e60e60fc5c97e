"""What people say after a first answer: they allow things again, explain, complain, misspell."""

import api_world as world
import numpy as np
import pytest

from recsys.dialogue.actions.service_protocol import Passage
from recsys.dialogue.commands import CannotDo, Find, Help, Steer, Target, Undo
from recsys.dialogue.conversation import Change, Conversation, Critique
from recsys.dialogue.dialogue import Dialogue
from recsys.dialogue.label_linking import LabelIndex
from recsys.dialogue.message_text import read_message
from recsys.dialogue.understanding import PatternUnderstanding
from recsys.evaluation.critique_dialogues import SeekerService
from recsys.evaluation.utterance_trials import (
    read_utterances,
    understood_as_expected,
    written,
)
from recsys.personal_list import UserState
from recsys.ranking.query import Interaction
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState
from recsys.store.user_controls import Control
from recsys.text_training.command_training import DATA

UNDERSTANDING = PatternUnderstanding()


@pytest.fixture(scope="module")
def live():
    return LiveState(world.model())


@pytest.fixture(scope="module")
def dialogue(live):
    return Dialogue(Recommender(live), lambda texts: np.zeros(len(texts), np.float32))


def say(dialogue, text, conversation=None, service=None):
    service = service or SeekerService(dialogue.recommender, UserState(None, ()))
    return dialogue.reply(text, conversation or Conversation(), service)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unmute westerns", "undo:westerns"),
        ("you can show westerns again", "undo:westerns"),
        ("chess is ok again", "undo:chess"),
        ("ignore what i said about chess earlier", "undo:chess"),
        ("remove the chess filter", "undo:chess"),
        ("取消对足球的屏蔽", "undo:足球"),
        ("把足球的限制去掉", "undo:足球"),
        ("我刚才说的足球不算数", "undo:足球"),
        ("足球又可以推了", "undo:足球"),
        ("足球可以继续推了", "undo:足球"),
        ("show more again", "show:more"),
        ("undo that", "undo"),
        ("撤销刚才的设置", "undo"),
        ("no zombies, im eating", "steer:mute:zombies"),
        ("less war, the kids are here", "steer:less:war"),
        ("nothing but politics in here", "steer:less:politics"),
        ("nothing but politics", "steer:only:politics"),
        ("wtf this is useless", "smalltalk"),
        ("you keep showing me the same stuff", "show:more"),
        ("天天推重复的内容", "show:more"),
        ("idk, surprise me", "find:"),
        ("what does my wife read", "cannotdo"),
        ("what has u12 liked", "cannotdo"),
        ("我儿子今天在看什么", "cannotdo"),
        ("can i get a refund", "help"),
        ("a less well-known book like dune", "find~dune<less_known"),
        ("why did you pick number 4", "why:4"),
        ("tell me what you know about me", "show:profile"),
        ("show my settings", "show:controls"),
        ("im bored to death", "find:"),
        ("not interested in the first two", "steer:mute:1 + steer:mute:2"),
        ("whats the shortest one?", "find:"),
        ("which one of these is the newest?", "find:"),
        ("which ones are trending", "around:"),
        ("我的设置", "show:controls"),
        ("大家怎么看", "around:"),
        ("政治也不要", "steer:mute:政治"),
        ("stop recommending things by ada wong", "steer:mute:ada wong"),
        ("how come i see cooking so much", "why:cooking"),
        ("what should i read about bread", "find:bread"),
        ("i want my data deleted", "help"),
        ("what did user u5 watch yesterday", "cannotdo"),
        ("u5昨天看了什么", "cannotdo"),
        ("怎么改邮箱，还有怎么注销", "help + help"),
    ],
)
def test_what_is_understood(text, expected):
    found = written(UNDERSTANDING.understand(read_message(text)).commands)
    assert found == expected


def test_later_utterances_are_understood():
    utterances = read_utterances(DATA / "command_utterances_8.tsv")
    figures = understood_as_expected(utterances, UNDERSTANDING)
    assert len(utterances) == 60 and figures.commands >= 0.93, figures.wrong


def test_what_is_muted_does_not_come_back_for_a_search(dialogue):
    first = say(dialogue, "no chess")
    second = say(dialogue, "find rook gambit", first.conversation)
    assert second.conversation.critiques == first.conversation.critiques
    assert "You know or hid the items" in second.text.text
    rows = [dialogue.recommender.live.row(one.item_id) for one in second.answer.items]
    documents = [dialogue.recommender.live.document(row) for row in rows]
    assert rows and all(one["category"] != "chess" for one in documents)


def test_a_comparison_ends_where_no_item_with_the_words_is_left(dialogue):
    first = say(dialogue, "only harbour")
    second = say(dialogue, "find rook gambit", first.conversation)
    assert not second.conversation.critiques and "no longer holds" in second.text.text
    assert second.answer.items[0].reasons


def test_wishes_about_a_subject_are_taken_back_alone(dialogue):
    first = say(dialogue, "no chess")
    second = say(dialogue, "less harbour", first.conversation)
    third = say(dialogue, "you can show chess again", second.conversation)
    assert third.answer.commands == (Undo(Target("chess", "category", "chess", "chess")),)
    assert "− chess" in third.text.text and third.answer.items
    (left,) = third.conversation.critiques
    assert left.steer.target.value == "harbour"
    assert third.conversation.changes == (Change("critiques", 1),)
    last = say(dialogue, "undo", third.conversation)
    assert not last.conversation.critiques and not last.conversation.changes


def test_a_subject_without_a_wish_is_listed(dialogue):
    reply = say(dialogue, "show chess again")
    assert reply.text.text.startswith("You have no wish about chess")
    assert reply.answer.items and Find in map(type, reply.answer.commands)
    nothing = say(dialogue, "unmute qwzx")
    assert "no wish about qwzx" in nothing.text.text and not nothing.answer.items


class Stored(SeekerService):
    """A service with a control in the profile."""

    writes = True

    def __init__(self, recommender, *controls):
        super().__init__(recommender, UserState("ann", (), controls=controls))

    def controls(self, wishes, undo):
        return [one for one in self.user.controls if one.id not in undo]


def test_controls_of_the_profile_are_taken_back_too(dialogue):
    muted = Control(7, "mute", "category", "chess", 1.0)
    liked = Control(8, "boost", "tag", "harbour", 1.0)
    service = Stored(dialogue.recommender, muted, liked)
    said = Conversation(changes=(Change("controls", controls=(7, 8)),))
    reply = say(dialogue, "unmute chess", said, service)
    assert service.user.controls == (liked,)
    assert reply.conversation.changes == (Change("controls", controls=(8,)),)
    service = Stored(dialogue.recommender, muted)
    service.writes = False
    reply = say(dialogue, "unmute chess", None, service)
    assert service.user.controls == (muted,) and "nothing is stored" in reply.text.text


def test_a_wish_that_replaces_another_leaves_one_change():
    target = Target("chess", "category", "chess")
    other = Critique(Steer("mute", Target("jazz")))
    told = Conversation().with_critique(other).with_critique(Critique(Steer("less", target)))
    told = told.with_critique(Critique(Steer("more", target)))
    assert len(told.critiques) == 2 and told.changes == (Change("critiques", 1),) * 2
    told, _ = told.without_change()
    assert told.critiques == (other,)


def test_help_texts_answer_what_looks_like_something_else(dialogue):
    service = SeekerService(dialogue.recommender, UserState(None, ()))
    asked = []
    service.passages = lambda question, language: (
        asked.append(question) or [Passage("Devices", "Five at once.", "")]
    )
    reply = say(dialogue, "how many devices can i use", None, service)
    assert isinstance(reply.answer.commands[0], Help) and "Five at once" in reply.text.text
    service.passages = lambda question, language: []
    reply = say(dialogue, "what is the capital of france", None, service)
    assert isinstance(reply.answer.commands[0], CannotDo) and not reply.answer.handoff


def test_words_are_found_in_their_other_number(live):
    labels = LabelIndex(live)
    assert labels.link("wave anchors").target.value == "wave anchor"


def test_a_misspelt_word_of_a_search_is_spelt_as_titles_do(live):
    labels = LabelIndex(live)
    assert labels.titles.spelt("about endgmae") == "about endgame"
    assert labels.titles.spelt("面包") == "面包" and labels.titles.spelt("xy qwzx") == "xy qwzx"


def test_items_that_hold_the_words_but_are_known_are_said_to_be(dialogue, live):
    titles = [str(live.document(row).get("title")).split() for row in range(live.size)]
    rows = [row for row, words in enumerate(titles) if {"wave", "anchor"} <= set(words)]
    assert rows
    history = [Interaction(live.item_id(row), "view", 1.0, world.NOW) for row in rows]
    service = SeekerService(dialogue.recommender, UserState(None, tuple(history)))
    reply = say(dialogue, "find wave anchor", None, service)
    assert "You know or hid" in reply.text.text
