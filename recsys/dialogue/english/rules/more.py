"""Rules of more of a subject."""

from __future__ import annotations

import re

from recsys.dialogue.commands import Smalltalk
from recsys.dialogue.english.makers import steered
from recsys.dialogue.english.word_classes import GIVE, SUBJECT, VERBS
from recsys.dialogue.patterns import Rules

RULES: Rules = (
    (
        r"(?:cant get enough of|i cant get enough of|never (?:get )?enough|"
        r"obsessed with|im obsessed with|cant live without) " + SUBJECT,
        steered("more"),
    ),
    (
        r"(?:i(?:m| am)?|were|we are|weve|ive)(?: been)?(?: really| very| so| super|"
        r" totally| getting| quite| also| a big| a huge| currently| kind of| kinda|"
        r" pretty)* (?:into|a fan of|fan of|interested in|keen on|fond of|crazy about|"
        r"mad about|passionate about|fascinated by|hooked on|addicted to|"
        r"curious about) (?:the )?" + SUBJECT,
        steered("more"),
    ),
    (
        r"(?:a (?:bit|little|lot|tad) |much |way |far |even |some |lots |many )*(?:more|"
        r"extra|additional|loads of|lots of|plenty of) (?:of )?(?:the |that |those |"
        r"this )?(?!like\b|recent\b|popular\b|please$)" + SUBJECT,
        steered("more"),
    ),
    (
        r"(?:"
        + GIVE
        + r"|i want(?: to "
        + VERBS
        + r")?|i need|id (?:like|love)(?: to "
        + VERBS
        + r")?|i(?: would|d) (?:like|love)(?: to "
        + VERBS
        + r")?|i wanna(?: "
        + VERBS
        + r")?|i wish (?:i saw|there (?:was|were))|wanna(?: "
        + VERBS
        + r")?|lets have|lets see|want|need|how about|what about|it should (?:have|show)|"
        r"there should be)(?: some| a (?:bit|little|lot)| lots| much| even)* (?:more|"
        r"extra|additional|lots of|plenty of)(?: of)?(?: the)? (?!like\b|recent\b|"
        r"popular\b)" + SUBJECT,
        steered("more"),
    ),
    (
        r"(?:increase|boost|raise|up|amplify|favou?r|promote|priorit(?:i[sz]e|y)|"
        r"turn up|crank up|bring on|bring back|bring in|keep .* coming|pump up|upgrade|"
        r"double down on|bump up)(?: the| amount of| number of)* " + SUBJECT,
        steered("more"),
    ),
    (r"(?:keep) (?:the )?(?P<x>.+?) (?:coming|up)", steered("more")),
    (
        r"(?:where(?:s| is| are|re)?|why(?:s| is| are)? there(?: so little| no|"
        r" not enough| so few)?|not enough|too (?:little|few)|there(?:s| is|re|"
        r" are) (?:not enough|too (?:little|few)|so little|so few)|i miss|"
        r"i dont see (?:enough|any)|you forgot) (?:all )?(?:the |my )?" + SUBJECT,
        lambda m: (
            steered("more")(m)
            if not re.search(r"\b(?:settings?|my|button|page|menu|account|password)\b", m["x"])
            else None
        ),
    ),
    (
        r"i (?:really |just |absolutely |also |do |fucking |so )*(?:love|like|enjoy|"
        r"adore|dig|heart|<3|prefer) (?:the )?" + SUBJECT,
        lambda m: (
            steered("more")(m)
            if not re.match(r"(?:to|you|it$|this$|that$|how)\b", m["x"])
            else (Smalltalk("praise"),)
            if re.match(r"(?:you|it$|this$|that$|how)\b", m["x"])
            else None
        ),
    ),
    (r"(?P<x>[\w &/-]+?) (?:more|please more)(?: often)?", steered("more")),
)
