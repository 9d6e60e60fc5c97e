"""Limits of length, alternatives and those whom a user follows: read, acted on and said."""

import math
from dataclasses import replace

import api_world as world
import numpy as np
import pytest

from recsys.dialogue.alternatives import alternatives
from recsys.dialogue.commands import Steer, Target, command_json, command_of
from recsys.dialogue.conversation import Conversation, conversation_of
from recsys.dialogue.dialogue import Dialogue
from recsys.dialogue.length_limits import length_limit, limit_of_value, without_length
from recsys.dialogue.message_text import read_message
from recsys.dialogue.understanding import PatternUnderstanding
from recsys.errors import DataError
from recsys.evaluation.critique_dialogues import SeekerService
from recsys.evaluation.utterance_trials import written
from recsys.personal_list import UserState
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState

UNDERSTANDING = PatternUnderstanding()


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        ("under 10 minutes", (0, 10)),
        ("no longer than an hour and a half", (0, 90)),
        ("nothing over two hours", (0, 120)),
        ("at least half an hour", (30, math.inf)),
        ("no less than 20 min", (20, math.inf)),
        ("forty five minutes or more", (45, math.inf)),
        ("between 5 and 10 minutes", (5, 10)),
        ("between half an hour and an hour", (30, 60)),
        ("under 90 seconds", (0, 1.5)),
        ("十分钟以内", (0, 10)),
        ("不超过一个半小时", (0, 90)),
        ("至少二十五分钟", (25, math.inf)),
        ("5到10分钟", (5, 10)),
        ("半小时以上", (30, math.inf)),
        ("10 minutes", None),
        ("less than ten", None),
        ("over 0 minutes", None),
        ("", None),
    ],
)
def test_limits_of_length(words, limit):
    found = length_limit(words)
    assert found == limit
    if found is not None:
        assert limit_of_value(found.value) == found


@pytest.mark.parametrize(
    "clause",
    [
        "posted less than 10 minutes ago",
        "posted within two hours",
        "最近三小时内",
        "两小时内发布的",
    ],
)
def test_an_age_is_no_length(clause):
    assert without_length(clause) == (clause, "")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("jazz or blues", ("jazz", "blues")),
        ("either chess or the sea", ("chess", "sea")),
        ("爵士或者蓝调", ("爵士", "蓝调")),
        ("comedies or so", ()),
        ("more or less", ()),
        ("one or jazz and something or other", ()),
        ("jazz or jazz", ()),
        ("or", ()),
        ("a long sentence with many words or blues", ()),
        ("jazz and blues", ()),
    ],
)
def test_alternatives(words, parts):
    assert alternatives(words) == parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("only things under 10 minutes", "steer:only:-10 min"),
        ("no videos longer than 5 minutes", "steer:mute:5- min"),
        ("like Alien but under 100 minutes", "find~alien + steer:only:-100 min"),
        ("from now on only videos under 10 minutes", "steer:only!:-10 min"),
        ("i have half an hour, nothing over 30 minutes", "steer:only:-30 min"),
        ("yoga under 15 minutes from people I follow", "find:yoga[followed] + steer:only:-15 min"),
        ("hide posts from people I follow", "steer:mute:followed"),
        ("only jazz from accounts I follow", "steer:only:jazz + steer:only:followed"),
        ("how do I see people I follow", "help"),
        ("more chess or go", "steer:more:chess|go"),
        ("always more chess or go", "steer:more!:chess + steer:more!:go"),
        ("never show me crypto or gambling", "steer:mute:crypto + steer:mute:gambling"),
        ("只看我关注的人发的爵士", "steer:only:爵士 + steer:only:followed"),
        ("以后只看十分钟以内的视频", "steer:only!:-10 min"),
        ("something I can read in five minutes", "steer:only:-5 min"),
        ("二十分钟能看完的", "steer:only:-20 min"),
        ("something shorter, under an hour and a half", "steer:only:-90 min"),
        ("posts from the accounts I subscribe to about chess", "find:chess[followed]"),
        ("what did people I follow post today?", "find:[followed]"),
        ("最近我关注的人发了什么", "find:[followed]"),
        (
            "no more football, tennis or golf",
            "steer:mute:football + steer:mute:tennis + steer:mute:golf",
        ),
        ("only sci-fi, horror, or westerns", "steer:only:sci-fi|horror|westerns"),
        ("less politics, more gardening", "steer:less:politics + steer:more:gardening"),
        ("不看足球、网球或高尔夫", "steer:mute:足球 + steer:mute:网球 + steer:mute:高尔夫"),
        ("只要爵士、蓝调和摇滚", "steer:only:爵士|蓝调|摇滚"),
        ("半小时以内的做菜视频", "find:做菜视频[-30 min]"),
        ("只要爵士或蓝调", "steer:only:爵士|蓝调"),
    ],
)
def test_messages_with_them(text, expected):
    commands = UNDERSTANDING.understand(read_message(text)).commands
    assert written(commands) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("could we tone the celebrity stuff down a notch", "steer:less:celebrity"),
        ("I've had it with crypto", "steer:less:crypto"),
        ("not in the mood for anything sad", "steer:mute:sad"),
        ("hide everything tagged spoilers", "steer:mute:spoilers"),
        ("don't recommend this author again", "steer:mute:author of this"),
        ("别再推这个作者了", "steer:mute:author of this"),
        ("bring back the zombies", "undo:zombies"),
        ("恢复僵尸", "undo:僵尸"),
        ("I changed my mind about horror", "undo:horror"),
        ("i changed my mind", "undo"),
        ("clear all my filters", "undo:everything"),
        ("start over", "undo:everything"),
        ("清空我的过滤条件", "undo:everything"),
        ("is there a shorter version of this", "find~this<shorter"),
        ("比刚才的再短一点", "find<shorter"),
        ("I'm in a horror mood", "find:horror"),
        ("put some jazz on", "find:jazz"),
        ("swap the memes for some science", "steer:less:memes + steer:more:science"),
        ("把段子换成科普", "steer:less:段子 + steer:more:科普"),
        ("what's everyone watching these days", "around:"),
        ("换个话题", "show:more"),
        ("这些我都看过了", "show:more"),
        ("少来点广告吧真的烦", "steer:less:广告"),
    ],
)
def test_other_ways_to_say_it(text, expected):
    assert written(UNDERSTANDING.understand(read_message(text)).commands) == expected


def test_topics_that_a_user_follows_are_no_people():
    commands = UNDERSTANDING.understand(read_message("我关注的话题有哪些")).commands
    assert "followed" not in written(commands)


def test_a_target_of_alternatives_is_read_back_and_nothing_nested():
    either = Target("a or b", "either", "", "a or b", (Target("a"), Target("b", "tag", "b", "b")))
    steer = Steer("only", either)
    assert command_of(command_json(steer)) == steer
    given = command_json(steer)
    given["target"]["either"][0] = dict(given["target"])
    for wrong in (given, {**given, "target": {"words": "a", "kind": "either"}}):
        with pytest.raises(DataError):
            command_of(wrong)
    with pytest.raises(DataError):
        command_of(
            {
                "kind": "steer",
                "action": "only",
                "target": {"words": "a", "either": [{"words": "a"}]},
            }
        )


@pytest.fixture(scope="module")
def dialogue():
    model = world.model()
    live = LiveState(model)
    for number, minutes in enumerate((4, 9, 12, 30)):
        item = replace(
            world.items()[number],
            item_id=f"timed-{number}",
            author_id="maker",
            metadata={"language": "en", "duration_minutes": minutes},
        )
        live.add_item(item)
    return Dialogue(Recommender(live), lambda texts: np.zeros(len(texts), np.float32))


class Talk:
    """A conversation of one user."""

    def __init__(self, dialogue, follows=()):
        self.dialogue, self.conversation = dialogue, Conversation()
        self.service = SeekerService(dialogue.recommender, UserState(None, (), follows=follows))

    def say(self, text, language="en"):
        reply = self.dialogue.reply(text, self.conversation, self.service, language, n=40)
        self.conversation = conversation_of(reply.conversation.as_json())
        return reply

    def ids(self, text):
        return {one.item_id for one in self.say(text).answer.items}


def test_a_limit_filters_and_a_later_one_takes_its_place(dialogue):
    talk = Talk(dialogue)
    reply = talk.say("only things under 10 minutes")
    assert {one.item_id for one in reply.answer.items} == {"timed-0", "timed-1"}
    assert reply.text.text == "Only up to 10 minutes." and reply.answer.undo.scope == "conversation"
    assert {"timed-0", "timed-1", "timed-2"} & talk.ids("only under 20 minutes") == {"timed-2"}
    assert [one.steer.target.value for one in talk.conversation.critiques] == ["-20"]
    assert len(talk.ids("undo")) == 40
    assert "10分钟以内" in talk.say("只要十分钟以内的").text.text


def test_a_search_within_a_limit_says_so_and_goes_on_without_it(dialogue):
    talk = Talk(dialogue)
    reply = talk.say("sea videos under 10 minutes")
    assert "up to 10 minutes" in reply.text.text
    assert {one.item_id for one in reply.answer.items} == {"timed-0", "timed-1"}
    reply = talk.say("bread under 2 minutes")
    assert "Nothing of this length was found: up to 2 minutes." in reply.text.text
    assert reply.answer.items


def test_without_lengths_in_minutes_the_answer_says_so():
    live = LiveState(world.model())
    dialogue = Dialogue(Recommender(live), lambda texts: np.zeros(len(texts), np.float32))
    reply = Talk(dialogue).say("only under 10 minutes")
    assert reply.text.text == "How many minutes items take is not known here."
    assert not reply.answer.items and not reply.conversation.critiques
    reply = Talk(dialogue).say("chess under 10 minutes")
    assert "not known here" in reply.text.text and reply.answer.items


def test_either_of_two(dialogue):
    talk = Talk(dialogue)
    reply = talk.say("only chess or bread")
    kinds = {one.item_id.split("-")[0] for one in reply.answer.items}
    assert kinds == {"chess", "bread"} and reply.text.text == "Only chess or bread."
    assert len(talk.ids("undo chess or bread")) == 40 and not talk.conversation.critiques
    reply = talk.say("only chess or qwzx")
    assert "Nothing here is about qwzx." in reply.text.text
    assert {one.item_id.split("-")[0] for one in reply.answer.items} == {"chess"}
    found = Talk(dialogue).say("find me rook or yeast").answer.items
    assert {one.item_id.split("-")[0] for one in found} == {"chess", "bread"}


def test_all_wishes_of_a_conversation_end_at_once(dialogue):
    talk = Talk(dialogue)
    talk.say("only chess")
    talk.say("no rook")
    reply = talk.say("start over")
    assert reply.text.text.startswith("All wishes of this conversation are taken back.")
    assert not talk.conversation.critiques and len(reply.answer.items) == 40
    assert "nothing to take back" in talk.say("undo").text.text


def test_those_whom_the_user_follows(dialogue):
    talk = Talk(dialogue, follows=("maker",))
    reply = talk.say("only from people I follow")
    assert {one.item_id for one in reply.answer.items} == {f"timed-{one}" for one in range(4)}
    assert reply.text.text == "Only those whom you follow."
    assert len(talk.ids("undo")) == 40
    reply = talk.say("以后只看我关注的人")
    assert "你关注的人" in reply.text.text and "这次对话" in reply.text.text
    assert not {f"timed-{one}" for one in range(4)} & Talk(dialogue, ("maker",)).ids(
        "hide posts by people I follow"
    )
    nobody = Talk(dialogue).say("only from people I follow")
    assert nobody.text.text == "You follow nobody yet." and not nobody.conversation.critiques


@pytest.mark.parametrize(
    "text",
    ["Меньше хлеба, пожалуйста", "パンを減らしてください", "빵 줄여줘", "أقل من الخبز", "ψωμί"],
)
def test_another_script_is_another_language(dialogue, text):
    assert Talk(dialogue).say(text).text.text.startswith("I understand English and Chinese.")


@pytest.mark.parametrize("text", ["少来点政治の新闻", "café", "less chess"])
def test_a_foreign_letter_makes_no_foreign_message(text):
    assert not read_message(text).foreign


@pytest.mark.parametrize(
    "text", ["show me what alice likes", "what did alice watch?", "tell me what bob has read"]
)
def test_what_another_user_likes_is_not_told(dialogue, text):
    commands = Talk(dialogue).say(text).answer.commands
    assert [(type(one).__name__, one.what) for one in commands] == [("CannotDo", "another_user")]


@pytest.mark.parametrize(
    "text", ["show me what people like", "what did i mute?", "what does mute mean"]
)
def test_questions_that_are_about_nobody_else(text):
    commands = UNDERSTANDING.understand(read_message(text)).commands
    assert "another_user" not in [getattr(one, "what", "") for one in commands]


def test_a_hundred_wishes_are_five_and_the_answer_counts_the_others(dialogue):
    reply = Talk(dialogue).say(", ".join(f"less topic{number}" for number in range(100)))
    assert len(reply.answer.commands) == 5
    assert "95 further wishes were left out" in reply.text.text
    assert reply.text.text.count("There are items about") == 1
    reply = Talk(dialogue).say(", ".join(["more bread", "no bread"] * 9))
    assert reply.text.text.count("↑ bread") == 1


def test_alternatives_in_two_languages(dialogue):
    reply = Talk(dialogue).say("只要 chess or 面包")
    assert "面包" in reply.text.text
    assert {one.item_id.split("-")[0] for one in reply.answer.items} == {"chess"}
