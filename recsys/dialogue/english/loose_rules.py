"""Loose rules: English keywords anywhere in a clause that no other rule fits."""

from __future__ import annotations

import re

from recsys.dialogue.commands import Action, Around, Command, Find, Help, Show, Target, Undo, Why
from recsys.dialogue.english.subjects import finding, subject, target
from recsys.dialogue.patterns import LooselyMade, LooseRules, loosely_steered


def _steer(action: Action) -> LooselyMade:
    return loosely_steered(action, target)


def _around(match: re.Match[str]) -> Command:
    words = subject((match.groupdict().get("x") or "").strip())
    return Around(Target(words) if words else None)


def _find(match: re.Match[str]) -> Command:
    return Find(finding(match["x"]))


LOOSE_RULES: LooseRules = (
    (
        r"\b(?:reason|why|how (?:did|is|come|has)|what made|what led)\b.*\b(?:this|that|it|these|"
        r"those|here|listed|recommend\w*|suggest\w*|result|list)\b",
        lambda m: Why(None if re.search(r"\b(?:these|those)\b", m[0]) else Target("this")),
    ),
    (
        r"\b(?:hot|trending|popular|big|rising) (?:topics?|things|stories|news|stuff)\b|"
        r"\b(?:anything|something|whats) (?:\w+ )?(?:going on|happening|trending)\b",
        lambda m: Around(),
    ),
    (
        r"\b(?:how|what) (?:do|does|did|are) (?:people|others|everyone|users|fans|folks|they|the "
        r"public) (?:feel|think|say|saying|react|reacting|"
        r"like)\b(?: \w+){0,2}? (?:about|to|of|on) "
        r"(?P<x>.+)",
        _around,
    ),
    (r"\bwhat (?:happened|is new|has happened)\b.*?\b(?:with|to|in|at) (?P<x>.+)", _around),
    (
        r"\b(?:what|which|list|show)\b.*\b(?:muted?|blocked?|hid(?:e|den)?|filter(?:ed|"
        r"s)?|turned "
        r"off|banned|rules|restrictions)\b",
        lambda m: Show("controls"),
    ),
    (
        r"\b(?:tell|what|how|which|summari[sz]e)\b.*\b(?:you (?:think|know|believe|"
        r"learned|see)|my "
        r"(?:taste|interests|profile|preferences)|im into|about me|i like|i enjoy)\b",
        lambda m: Show("profile"),
    ),
    (
        r"\b(?:undo|revert|roll(?:ed)? back|reverse|restore|take (?:it|that) back|"
        r"back to (?:how|what)"
        r"|changed my mind)\b",
        lambda m: Undo(),
    ),
    (
        r"^(?:none|nothing) of (?:these|those|them)$|\b(?:next|more) (?:page|results|"
        r"options|ones)\b",
        lambda m: Show("more"),
    ),
    (
        r"\b(?:never received|cant|cannot|doesnt|does not|wont|not working|problem|issue|error)\b"
        r".*\b(?:account|profile|password|e?mail|notifications?|settings?|app|log ?in|"
        r"sign ?in|post|"
        r"comment|upload|payment|link|code|page|video)\b",
        lambda m: Help(m.string),
    ),
    (
        r"\b(?:rather not|not want|never|dont (?:want|show)|no longer|stop|without|hide|"
        r"ban|block|"
        r"mute|remove|get rid of|spare me|leave out|cut out|keep out|avoid|exclude)\b"
        r"(?:.*\b(?:about|on|of|with|see|seeing|show|showing|recommend|recommending|hear|any|"
        r"anything|all|the)\b)? (?P<x>.+)",
        _steer("mute"),
    ),
    (
        r"\b(?:less|fewer|cut (?:down|back) on|not so much|reduce|"
        r"lower) (?:of )?(?P<x>.+)",
        _steer("less"),
    ),
    (r"\b(?:too (?:much|many)|tired of|sick of|fed up with|enough) (?P<x>.+)", _steer("less")),
    (
        r"\b(?:only|just|exclusively|nothing but)\b (?:feel like|want|show me|"
        r"interested in|watch|"
        r"read|see|about|stuff|things|for|in|to|the|some|a)*\b ?(?P<x>.+)",
        _steer("only"),
    ),
    (
        r"\b(?:more|additional|extra|increase|boost|throw in(?: some)?(?: more)?|"
        r"add(?: some)?) (?:of )?(?P<x>.+)",
        _steer("more"),
    ),
    (
        r"^(?:what|which) (?P<x>.+?) (?:have you got|do you have|can you recommend|"
        r"would you recommend"
        r"|should i \w+|are there|is there|do you recommend)$",
        _find,
    ),
    (
        r"^(?P<x>.+?)(?: recommendations?| suggestions?| ideas?)? (?:anyone|anybody|pls|"
        r"for me)$",
        _find,
    ),
    (
        r"\b(?:how|where|can i|could i|do you|is my|are my|what do you do|i never|never received|"
        r"cant|cannot|doesnt|does not|wont|problem|issue|error|"
        r"not working)\b.*\b(?:account|profile|"
        r"password|e?mail|notifications?|settings?|data|history|privacy|private|language|app|"
        r"subscription|log ?in|sign ?(?:in|up)|follow(?:s|ers|ing)?|post|comment|upload|payment|"
        r"refund|delete|report|block|link|code|picture|name|page|list|feed|search|save)\b",
        lambda m: Help(m.string),
    ),
)
