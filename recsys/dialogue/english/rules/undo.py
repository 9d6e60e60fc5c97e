"""Rules of taking back."""

from __future__ import annotations

from recsys.dialogue.commands import EVERYTHING, Target, Undo
from recsys.dialogue.english.makers import undone
from recsys.dialogue.patterns import Rules

_SAID = (
    r"(?:i|ive|i have)(?: just| once)? (?:said|asked|told you|told u|wanted|wished)"
    r"(?: before| earlier)?"
)
_WISH = r"(?:wish|filter|rule|block|mute|control|ban|thing|change|setting|restriction|limit)s?"

RULES: Rules = (
    (
        r"(?:undo|revert|reverse|restore|take back|scratch|cancel)(?: (?:that|this|it|"
        r"the last(?: \w+)?|my last \w+|what (?:you|i) just (?:did|said)|last|"
        r"all that))?(?: (?:one|thing|change|command|please))?",
        lambda m: (Undo(),),
    ),
    (
        r"(?:forget|ignore|disregard|drop|scrap|scratch|never ?mind|cancel|undo|remove|lift|"
        r"take back|revert|reverse|delete|clear)(?: about)? (?:(?:the thing|what(?:ever)?) "
        rf"{_SAID}|(?:the|that|my|your) {_WISH}(?: {_SAID})?) (?:about|on|for|against|of|with|to) "
        r"(?P<x>.+?)(?: (?:before|earlier|just now))?",
        undone,
    ),
    (
        r"(?:un(?:mute|hide|block|ban)|stop (?:hiding|muting|blocking|filtering)(?: out)?|"
        r"no longer (?:hide|mute|block|filter)) (?P<x>(?!(?:that|it|this)$).+)",
        undone,
    ),
    (
        rf"(?:undo|cancel|take back|revert|lift|remove|drop) (?:the |my )(?P<x>.+) {_WISH}",
        undone,
    ),
    (
        r"(?:(?:you|u) (?:can|may) |its (?:ok|okay|fine) to )?(?:show|recommend|list|suggest|"
        r"allow|bring back|let in)(?: me)? (?P<x>.+) again",
        undone,
    ),
    (
        r"(?:(?:you|u) (?:can|may) )?(?:bring back|restore|reinstate) (?:the |all )*"
        r"(?P<x>(?!(?:it|that|this|them|everything|what|how)\b).+)",
        undone,
    ),
    (
        r"(?:i(?:ve)? |i have )?changed my mind (?:about|on|regarding) (?P<x>(?!(?:it|that|this|"
        r"them)$).+)",
        undone,
    ),
    (
        r"(?:clear|reset|remove|delete|drop|lift|cancel|undo|wipe)(?: out)? (?:everything|"
        r"all(?: of)?(?: (?:my|the|these|"
        r"those|them))?|my|the)(?: (?:current|active))?(?: (?:filters|wishes|limits|"
        r"restrictions|rules|mutes|blocks|"
        r"settings|conversation|filter settings))|start (?:over|again|afresh|from (?:scratch|"
        r"the beginning))|"
        r"(?:reset|clear|undo) (?:this conversation|the conversation|all of it|it all)",
        lambda m: (Undo(Target(EVERYTHING)),),
    ),
    (r"(?P<x>.+) (?:is|are) (?:ok|okay|fine|allowed|welcome) again", undone),
    (
        r"(?:take|put|bring|change|turn|switch|give|roll|get) (?:it|that|this|them|"
        r"those) back(?: in| on| please)?",
        lambda m: (Undo(),),
    ),
    (
        r"(?:no )*(?:wait )?(?:go|turn|step|change) back(?: (?:one|a) step)?|roll back|"
        r"back up|oops(?: .*)?|whoops(?: .*)?|my bad|(?:that|it|this) was (?:a mistake|"
        r"an accident|wrong|not what i meant)|i (?:made|did) a mistake|wrong (?:one|"
        r"button)|i (?:didnt|did not|dont) mean (?:that|it|to)|(?:no )*not that|nvm|"
        r"never ?mind(?: .*)?|forget (?:what i (?:just )?said|(?:that|it|this))|"
        r"i changed my mind|un(?:mute|hide|block|do) (?:that|it|this)|restore it|"
        r"change it back|on second thought.*|stop(?: (?:it|that|this|now))?|cancel",
        lambda m: (Undo(),),
    ),
)
