"""Rules of less of a subject."""

from __future__ import annotations

import re

from recsys.dialogue.english.makers import replaced, steered
from recsys.dialogue.english.word_classes import GIVE, SUBJECT
from recsys.dialogue.patterns import Rules

RULES: Rules = (
    (
        r"(?:a (?:bit|little|lot|tad) |much |way |far |even |slightly |"
        r"some(?:what)? )*(?:less|fewer|not so (?:much|many)|not as (?:much|many)|"
        r"not (?:that|too) (?:much|many)|lower) (?:of )?(?:like )?(?:the |that |those |"
        r"this )?" + SUBJECT,
        steered("less"),
    ),
    (
        r"(?:i (?:could|can|would|might) (?:do|live)|id (?:prefer|like)|i(?:d|"
        r" would)? (?:prefer|like|want)|"
        + GIVE
        + r"|i want to see|i need)(?: to see| me| with)? (?:a (?:bit|little|lot) |much |"
        r"way |far )?(?:less|fewer) (?:of )?" + SUBJECT,
        steered("less"),
    ),
    (
        r"(?:way |far |much |just |there(?:s| is| are) (?:way |far |just )?|its (?:way |"
        r"far )?|i get (?:way |far )?|im (?:seeing|getting) (?:way |far )?|"
        r"youre showing me (?:way |far )?|you show me (?:way |far )?|you (?:recommend|"
        r"suggest) (?:way |far )?)*(?:too (?:much|many)|so (?:much|many)|an overload of|"
        r"overdose of) (?:of )?" + SUBJECT,
        steered("less"),
    ),
    (
        r"(?:tone|dial|cut|turn|scale|bring|wind|keep|slow)(?: it)? (?:down|back|"
        r"low)(?: on| with)? (?:the |all the |all of the )?" + SUBJECT,
        steered("less"),
    ),
    (r"(?:tone|dial|turn|cut|scale|bring|wind) (?:the )?(?P<x>.+?) (?:down|back)", steered("less")),
    (
        r"(?:tone|dial|turn|take|bring) (?:the )?(?P<x>.+?) (?:down )?(?:a (?:notch|bit|little|"
        r"touch))(?: down)?",
        lambda m: steered("less")(m) if "down" in m[0] else None,
    ),
    (
        r"(?:ive|i have|im) (?:had it|had enough|up to here|had my fill) (?:with|of) " + SUBJECT,
        steered("less"),
    ),
    (
        r"(?:reduce|decrease|lower|limit|minimi[sz]e|lessen|downgrade|go easy on|"
        r"ease (?:up|off) on|cut)(?: the| amount of| number of)* " + SUBJECT,
        steered("less"),
    ),
    (
        r"(?:(?:thats |thats more than |more than |ive had |i(?:ve| have) seen |"
        r"had )?enough (?:with |of |about )?(?:the |all the |this |that )?)" + SUBJECT,
        lambda m: steered("less")(m),
    ),
    (
        r"(?:im |i am |i m |i )?(?:so |really |getting |a bit |a little |a tad |somewhat |"
        r"rather |slightly |sick and |kind of |"
        r"kinda |just |very |pretty |totally )*(?:tired|sick|bored|fed up|weary|over|"
        r"done|annoyed|exhausted)(?: and tired)? (?!to (?:death|tears)|out of my|stiff)"
        r"(?:of|with|by)?(?: the| all the| all this| this| seeing| hearing about)* ?" + SUBJECT,
        steered("less"),
    ),
    (
        r"(?:im |i am |i was |was )?(?:not |never )(?:a |really |much |particularly |"
        r"that |too |so |very )*(?:big |huge |great )?(?:fan of|into|interested in|"
        r"keen on|fond of|crazy about|a lover of|bothered about) (?:the )?" + SUBJECT,
        steered("less"),
    ),
    (
        r"(?:i )?(?:dont|do not|didnt|cant say i|never)(?: really| particularly| much|"
        r" quite)? (?:like|enjoy|care (?:for|about)|love|"
        r"get(?! (?:it|that|this)$)|dig|fancy) (?:the )?" + SUBJECT,
        steered("less"),
    ),
    (
        r"(?:the |all the |all this )?(?P<x>[\w &/-]+?) (?:is|are|r|has|have) (?:just |"
        r"really |getting |becoming |gotten |become )*(?:too much|too many|a bit much|"
        r"annoying(?: me)?|boring(?: me)?|getting old|old|everywhere|overrated|tiresome|"
        r"out of hand|irritating|exhausting|driving me (?:mad|crazy|nuts)|enough)",
        steered("less"),
    ),
    (
        r"(?:i|you|u|we|it)(?: just| always| still)? keeps? (?:on )?(?:getting|seeing|"
        r"being shown|finding|"
        r"showing(?: me)?|recommending(?: me)?|suggesting(?: me)?|giving me|sending me|pushing)"
        r"(?: me)? (?!(?:the )?same\b|this\b|that\b|it\b|these\b|those\b)" + SUBJECT,
        steered("less"),
    ),
    (
        r"(?:swap|replace|exchange|trade)(?: out)? (?P<x>.+?) (?:for|with|by) (?:some |more |"
        r"a few )?"
        r"(?P<y>.+)",
        replaced,
    ),
    (
        r"(?:(?:show|give|recommend|suggest)(?: me)? |i want |id like |id prefer |some |more )*"
        r"(?P<y>[\w &/-]+?) (?:instead of|rather than|in place of) (?P<x>.+)",
        replaced,
    ),
    (
        r"(?:not )?another (?P<x>.+)",
        lambda m: steered("less")(m) if m[0].startswith("not ") else None,
    ),
    (r"(?P<x>[\w &/-]+?) (?:less|fewer)(?: often)?", steered("less")),
    (
        r"(?P<x>[\w &/-]+?) again\b.*",
        lambda m: steered("less")(m) if re.search(r"\bagain$", m.string) else None,
    ),
)
