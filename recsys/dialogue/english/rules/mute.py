"""Rules of none of a subject."""

from __future__ import annotations

from recsys.dialogue.english.makers import steered
from recsys.dialogue.english.word_classes import SUBJECT, VERBS
from recsys.dialogue.patterns import Rules

RULES: Rules = (
    (
        r"(?:i(?:m| am) )?not (?:really )?(?:in the mood|up) for (?:anything |something |"
        r"any )?" + SUBJECT,
        steered("mute"),
    ),
    (
        r"(?:hide|mute|block|remove|skip) (?:everything|all|anything|posts?|items?) (?:that is |"
        r"thats )?(?:tagged|labelled|"
        r"labeled|marked)(?: as| with)? " + SUBJECT,
        steered("mute"),
    ),
    (
        r"(?:.+ )?(?:am|im|is|are|get|gets|was) (?:\w+ly |so |very |too )?(?:scared|afraid|"
        r"terrified|frightened|"
        r"petrified|triggered) (?:of|by) (?P<x>.+?)(?:,? (?:so|and) (?:none|nothing|no more|"
        r"no)(?: of"
        r" (?:those|them|that|it|these))?)?",
        steered("mute"),
    ),
    (
        r"(?:i )?(?:never(?: ever)?|dont(?: ever)?|do not(?: ever)?|wont|no longer|stop|"
        r"quit|please stop|cease)(?: again)? ?(?:want|wanna|wish|need|like|"
        r"care)?(?: to)? ?(?:be )?(?:show(?:ing|n)?|recommend(?:ing|ed)?|suggest(?:ing|"
        r"ed)?|see(?:ing)?|giv(?:e|ing|en)|send(?:ing)?|sent|push(?:ing)?|get(?:ting)?|"
        r"hear(?:ing)?|watch(?:ing)?|read(?:ing)?|bother(?:ing)?|spam(?:ming)?|serv(?:e|"
        r"ing)|feed(?:ing)?|have|having|play(?:ing)?|look(?:ing)? at)(?: me|"
        r" us)?(?: with)?(?: any| anything| any more| more| the| all)*(?: about| on| of|"
        r" from)? " + SUBJECT,
        steered("mute"),
    ),
    (
        r"(?:i )?(?:dont|do not|never|no longer) (?:want|wanna|need|wish for|"
        r"care for)(?: to "
        + VERBS
        + r"| to| any| anything| any more| the)*(?: about| on| with)? "
        + SUBJECT,
        steered("mute"),
    ),
    (
        r"(?:i )?(?:really |absolutely |fucking |just )*(?:hate|detest|loathe|despise|"
        r"cant stand|cannot stand|cant bear|abhor) (?:the |all |seeing )?" + SUBJECT,
        steered("mute"),
    ),
    (
        r"(?:mute|hide|block|ban|remove|delete|filter(?: out)?|exclude|drop|kill|ditch|"
        r"banish|avoid|skip|omit|suppress|silence|blacklist|blocklist|eliminate|lose|"
        r"cut out|screen out|leave out|take out|turn off|switch off|throw out|"
        r"get rid of|do away with|snooze|unfollow|spare me|save me from|keep away|"
        r"away with|down with|screw|to hell with|death to|no to|"
        r"say no to)(?: me)?(?: all| any| every| everything| anything| stuff| posts|"
        r" content)*(?: about| on| of| with| from| related to)?(?: the| all the)? " + SUBJECT,
        steered("mute"),
    ),
    (
        r"(?:take|get|keep|leave|cut|filter|throw|kick) (?:the |"
        r"all the )?(?P<x>.+?) (?:out|away|off)(?: of (?:my|the) \w+)?",
        steered("mute"),
    ),
    (
        r"(?:no(?! no\b| way| idea| problem| worries| wonder| doubt)|zero|without|w/o|"
        r"sans|minus|free of|nothing(?: to do)?(?: with| about| on)?|not(?! bad| enough| sure|"
        r" now| today| yet| really| too)|none of|never)(?: more| any| any more|"
        r" further)?(?: of)?(?: the| that| those| this)? " + SUBJECT,
        lambda m: steered("mute")(m),
    ),
)
