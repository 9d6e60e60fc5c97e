"""Rules of taking back."""

from __future__ import annotations

from recsys.dialogue.commands import Undo
from recsys.dialogue.patterns import Rules

RULES: Rules = (
    (
        r"(?:undo|revert|reverse|restore|take back|scratch|cancel)(?: (?:that|this|it|"
        r"the last(?: \w+)?|my last \w+|what (?:you|i) just (?:did|said)|last|"
        r"all that))?(?: (?:one|thing|change|command|please))?",
        lambda m: (Undo(),),
    ),
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
