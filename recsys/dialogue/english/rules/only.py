"""Rules of one subject alone, of all but one, and of a history that is forgotten."""

from __future__ import annotations

from recsys.dialogue.english.makers import steered
from recsys.dialogue.english.word_classes import SUBJECT, VERBS
from recsys.dialogue.patterns import Rules

RULES: Rules = (
    (  # of a list that is full of it
        r"(?:(?:theres|there is|its|i see|i get|this is|all i (?:see|get) is) )?nothing but "
        r"(?P<x>.+?) (?:in here|here|everywhere|(?:in|on) (?:my|the|your|this) (?:feed|list|"
        r"timeline|page))",
        steered("less"),
    ),
    (
        r"(?:forget|ignore|disregard|dont (?:use|count|consider)|stop using|"
        r"do not (?:use|count)|unlearn|erase|drop)(?: about)?(?: the fact)?(?: that|"
        r" everything| anything| all| what| whatever)?(?: that)? ?(?:i|ive|i have|i had|"
        r"i ever)(?: ever| once| used to)? (?:liked?|loved?|watch(?:ed)?|read|saw|seen|"
        r"looked at|did|searched(?: for)?|clicked(?: on)?|was into|said i liked?|(?:was|"
        r"am) interested in)(?: about| on| of)? " + SUBJECT,
        steered("forget"),
    ),
    (
        r"(?:forget|ignore|disregard|dont (?:use|count|consider)|stop using|"
        r"do not (?:use|count))(?: all)?(?: about)? (?:the |my |those |"
        r"these )?(?P<x>.+?)(?: (?:videos|posts|articles|stuff|things|films|movies|"
        r"books|songs|history))? (?:i|ive|that i|which i)(?: have| had|"
        r" ever)? (?:watched|read|saw|seen|liked|clicked(?: on)?|looked at|listened to)",
        steered("forget"),
    ),
    (
        r"(?:forget|erase|drop|delete|unlearn|disregard|ignore) (?:everything|all|anything|"
        r"whatever)"
        r"(?: (?:that )?you know| (?:that )?ive done| (?:that )?i did)? (?:about|on|around|"
        r"related to|to do with) " + SUBJECT,
        steered("forget"),
    ),
    (
        r"forget(?: all)?(?: about)? my (?P<x>.+?) (?:history|interest|phase|views|"
        r"likes)",
        steered("forget"),
    ),
    (
        r"(?:nothing (?:but|except|other than)|only|just|exclusively|purely|solely|"
        r"strictly|stick (?:to|with)|stay with|limit (?:it|this|yourself|them) to|"
        r"restrict (?:it|this|them) to|keep (?:it|this) (?:to|at)|focus on|narrow (?:it|"
        r"this) down to|filter (?:by|for|on)|confine (?:it|this) to) (?:(?:show(?: me)?|"
        r"give(?: me)?|stuff|things|posts|ones|items|films|movies|books|want|recommend|"
        r"watch|see|the|some|in|on|about|for|from|want to (?:see|watch|hear|read)) )*" + SUBJECT,
        steered("only"),
    ),
    (
        r"(?:i )?(?:only|just) (?:want|wanna|need|like|care about|feel like)(?: to|"
        r" some| about)?(?: " + VERBS + r")? " + SUBJECT,
        steered("only"),
    ),
    (r"i (?:only|just) want(?: to " + VERBS + r")? " + SUBJECT, steered("only")),
    (
        r"(?:show|give|recommend|suggest)(?: me)? (?:only|just|nothing but|exclusively) " + SUBJECT,
        steered("only"),
    ),
    (r"(?P<x>[\w &/-]+?) (?:only|exclusively|and nothing else)", steered("only")),
    (
        r"(?:anything|everything|something)(?: is fine)? (?:but|except(?: for)?|"
        r"other than|besides|apart from) (?:the )?" + SUBJECT,
        steered("mute"),
    ),
)
