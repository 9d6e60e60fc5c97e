"""Comparison cues: words beside a target that ask for shorter, newer, darker … items.

For segments of the learned model, whose target is known: what is left of a segment without it is
searched. A cue within the title of a film is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from recsys.dialogue.commands import Comparison

_CUES: Mapping[Comparison, str] = {
    "shorter": r"short(?:er)?|briefer|quick(?:er)?|(?:not|isnt|less) (?:that |as |so |too |quite )?"
    r"(?:long|lengthy)|[更再]?短(?:一?[点些]|的)|[更再]短|(?:没|别|不要?|不用?)(?:那么|这么|太|那样)?长",
    "longer": r"longer|lengthier|more in ?depth|(?:not|isnt) (?:that |as |so |too )?short|"
    r"[更再]长|长(?:一?[点些])|(?:没|别|不要?)(?:那么|这么|太)短",
    "newer": r"newer|(?:more )?recent(?:er|ly)?|fresher|more (?:modern|current|up to date)|"
    r"(?:not|isnt) (?:that |as |so |too )?old|[更再]新|新(?:一?[点些])|近(?:一?[点些]|期|几年)",
    "older": r"older|earlier|more (?:classic|vintage)|(?:not|isnt) (?:that |as |so |too )?new|"
    r"[更再][老早旧]|[老早旧](?:一?[点些])",
    "lighter": r"lighter|(?:more )?(?:cheer(?:ful|ier|y)?|uplifting|lighthearted|fun|hopeful)|"
    r"happier|funnier|(?:less|not|isnt) (?:that |as |so |too |quite )?(?:dark|grim|sad|depressing|"
    r"heavy|bleak|gloomy|violent|scary)|[更再]?(?:轻松|欢乐|开心|温馨|搞笑|阳光|治愈|快乐|轻快)一?[点些的]?|"
    r"(?:没|别|不要?)(?:那么|这么|太)(?:沉重|压抑|黑暗|丧|虐|悲)",
    "darker": r"darker|bleaker|grimmer|grittier|heavier|gloomier|scarier|"
    r"more (?:serious|disturbing)|[更再](?:黑暗|压抑|沉重|阴暗|暗黑|虐|暗)|"
    r"(?:黑暗|压抑|沉重|阴暗|暗黑)一?[点些]",
    "more_known": r"(?:more |better |most )(?:famous|popular|well ?known|known|mainstream)|"
    r"bigger name|(?:名气|知名度)[更再]?大?|[更再](?:火|有名|出名|知名|热门)|"
    r"(?:火|有名|出名|知名|热门)一?[点些]",
    "less_known": r"(?:less|lesser|little|not (?:so|as|that)) ?(?:well )?(?:famous|popular|known|"
    r"mainstream)|more (?:obscure|niche)|obscure|underrated|under the radar|hidden gems?|"
    r"(?:not everybody|not everyone|hardly any(?:one|body)?|few people|nobody|no one)"
    r"(?:s|has| has| have)? ?(?:already )?(?:seen|heard|knows?|watched|read)?|"
    r"冷门|小众|没(?:什么|几个)?人(?:知道|看过|听过)|不(?:那么|太)?(?:出名|有名|火|热门)",
}
_OF = {
    name: re.compile(rf"\b(?:{cue})\b|(?:{cue})(?=[\u3400-\u9fff]|$)|(?<=[\u3400-\u9fff])(?:{cue})")
    for name, cue in _CUES.items()
}


def compared(before: str, after: str) -> set[Comparison]:
    """Return what the words before and after a target compare by."""
    return {name for name, cue in _OF.items() if cue.search(before) or cue.search(after)}
