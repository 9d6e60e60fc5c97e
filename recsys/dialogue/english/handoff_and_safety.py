"""Guards: what a message is refused or handed over for, before its clauses are read."""

from __future__ import annotations

import re

PEOPLE = re.compile(
    r"(?:\b(?:talk|speak|chat|connect|transfer|put|get|contact|reach|call|message|"
    r"write|escalate|complain|forward|need|want|give)\b.*\b(?:human|real person|"
    r"someone real|a person|people|agent|operator|manager|representative|rep|staff|"
    r"support|customer (?:service|care|support)|supervisor|moderator|admin|"
    r"somebody real|real human|employee|your boss)\b)"
    r"|^(?:human|agent|operator|representative|support|customer (?:service|support)|"
    r"live (?:chat|agent)|real (?:person|human))(?: please)?$|^is there (?:a human|"
    r"anyone real|a real person).*"
)


SELF_HARM = re.compile(
    r"\b(?:kill(?:ing)? (?:myself|me self)|suicid\w*|end (?:my|it) (?:life|all)|"
    r"end my life|want to die|wanna die|wish i (?:was|were) dead|better off dead|"
    r"hurt(?:ing)? myself|harm(?:ing)? myself|cut(?:ting)? myself|self ?harm|"
    r"dont want to (?:live|be alive|exist)|no (?:reason|point) (?:to|in) liv(?:e|"
    r"ing)|take my own life|hang myself|overdose on pills|kms)\b"
)


THREAT = re.compile(
    r"\b(?:(?:im (?:going to|gonna)|i will|ill|i am (?:going to|gonna)|ima|we will|"
    r"i want to|i wanna|going to|gonna)(?: \w+){0,4} (?:kill|murder|shoot|stab|hurt|"
    r"beat|hunt|destroy|burn|bomb|strangle|rape|attack|find) (?:you|u|them|him|her|"
    r"all of you|everyone|everybody|your (?:family|kids|house|office|staff|team)|"
    r"people)|(?:blow|burn|shoot) (?:up |down )?(?:your|the) (?:office|building|"
    r"house|school)|bomb (?:your|the) \w+|you(?:re| are| will|"
    r" gonna)?(?: all)? (?:dead|going to die|gonna die|will die)|watch your back|"
    r"i know where you live|kill (?:you|u) all)\b"
)


INSTRUCTIONS = re.compile(
    r"\b(?:(?:ignore|disregard|forget|override|"
    r"bypass)(?: \w+){0,3} (?:instructions?|prompts?|rules|guidelines|directions|"
    r"commands|programming|training)|system prompt|developer (?:mode|message)|"
    r"jailbreak|pretend (?:to be|you are|youre)|act as (?:a|an|if|my)|you are now|"
    r"roleplay|role play|print your|reveal your (?:prompt|instructions|rules)|"
    r"repeat (?:your|the) (?:instructions|prompt|text above)|(?:drop|delete|"
    r"truncate) table|select \* from|<script|sudo|admin mode|dan mode)\b"
)


_KIN = (
    r"(?:brother|sister|mother|mom|mum|father|dad|wife|husband|son|daughter|friend|"
    r"boss|neighbou?r|colleague|girlfriend|boyfriend|ex|roommate|teacher|partner|"
    r"uncle|aunt|cousin|kid|kids|child|children)s?"
)


_SOMEBODY = (
    r"(?!(?:i|you|we|they|it|this|that|the|a|people|everyone|everybody|everything|others|other|"
    r"users|"
    r"folks|fans|critics|anyone|anybody|is|are|was|does|did|has|have|most|many|some|all|"
    r"to)\b)[a-z]+ "
)


ANOTHER = re.compile(
    rf"(?:\b(?:user|account|customer|member)(?: (?:no|nr|number|id|named|"
    rf"called))? #?(?!posts?\b|settings?\b|name\b|profile\b|data\b|guide\b|page\b|"
    rf"reviews?\b|experience\b|interface\b)(?:\d+|\w+\d+|bob|[a-z]+)$"
    rf"|\b(?:of|for|to|as) (?:the )?user \S+|\bas (?:the )?user \S+"
    rf"|\bmy {_KIN} (?:account|feed|list|history|profile|recommendations|settings|mutes|filters)"
    rf"|\b(?:recommendations|account|feed|history|list|profile|settings|mutes|likes|"
    rf"activity|filters) (?:of|for) (?:my {_KIN}|user|someone else|somebody else|"
    rf"another (?:user|person)|other (?:users|people)|[a-z]+ ?\d+)"
    rf"|^(?:show|tell|give|what)(?: me)?(?: us)? ?(?:what|which \w+|"
    rf"everything)? ?(?:has |is |does |did |have )?(?:my )?(?!(?:i|you|we|they|"
    rf"people|everyone|everybody|others|the|it|this|that|is|"
    rf"are)\b)[a-z]+ (?:has been|is|was|been|has|likes?|reads?|watch(?:es|ed)?|"
    rf"watching|reading|did|does|muted) ?(?:been )?(?:reading|watching|liking|"
    rf"listening to|looking at|doing|seen|read|watched|liked)\b"
    rf"|\bwhat (?:has |is |does |did |have )?(?:user |member )?[a-z]*\d+s? "
    rf"(?:has |is |does |did )?(?:been )?(?:reads?|likes?|sees?|"
    rf"watch(?:es|ed)?|reading|watching|seen|saw|watch|liked|muted|"
    rf"clicks?|clicked)\b"
    rf"|^(?:show|tell|give)(?: me| us)? (?:what|everything|all|which \w+)(?: that)? {_SOMEBODY}"
    rf"(?:likes|liked|reads|watches|watched|muted|mutes|follows|followed|clicked|saw|listens to|"
    rf"looks at|has (?:read|liked|watched|seen|muted|clicked))\b"
    rf"|^what (?:does|did|has) {_SOMEBODY}(?:like|liked|read|watch|watched|see|seen|follow|"
    rf"followed|"
    rf"mute|muted|click|clicked|listen to)$"
    rf"|^(?:show|tell|give|what|which)\b.*?\bmy {_KIN} "
    rf"(?:has |have |is |was |been |recently |just |usually )*(?:reads?|reading|likes?|liked|"
    rf"liking|watch(?:es|ed|ing)?|see|sees|saw|seen|looks? at|looked at|listens? to|listened to|"
    rf"into)\b"
    rf"|\b(?:delete|remove|show|open|change|edit|reset|read|hack|block|close|suspend|"
    rf"ban) (?:the )?[a-z]+s (?:account|feed|history|profile|recommendations|"
    rf"settings|password|mutes|messages|list)\b"
    rf"|\b(?:log me in|sign me in|act) as (?!i\b)\w+)"
)


MINE = re.compile(
    r"\b(?:my|your|this|his|hers|its|users|others|accounts|topics|news|"
    r"sports) (?:account|feed|history|profile|recommendations|settings|password|"
    r"mutes|messages|list)\b"
)
