"""Help questions: clauses about the platform, and those that are outside of its lists."""

from __future__ import annotations

import re

from recsys.dialogue.commands import CannotDo, Command, Help
from recsys.dialogue.english.rules.order import SORTING, WHICH

_PLATFORM = (
    r"(?:accounts?|profile|password|passcode|email|e-mail|mail|notifications?|"
    r"alerts?|settings?|data|history|privacy|cookies?|language|app|android|ios|"
    r"iphone|"
    r"website|site|page|feed|list|recommendations?|subscriptions?|subscribe|"
    r"unsubscribe|membership|premium|plan|price|cost|free|pay(?:ment)?|invoice|"
    r"refund|"
    r"bill(?:ing)?|log ?in|log ?on|sign ?in|sign ?up|log ?out|sign ?out|register|"
    r"username|user name|avatar|picture|photo|posts?|comments?|uploads?|upload|"
    r"downloads?|download|export|"
    r"delete|report|block|mute|unmute|follow|unfollow|followers|share|save|"
    r"bookmarks?|playlist|watchlist|search|filter|topics?|interests?|"
    r"verify|verification|code|two factor|2fa|device|offline|dark mode|font|help|"
    r"support|contact|moderat(?:e|or|ion)|banned|suspended|"
    r"watch history|parental|kids|child|age|terms|rules|guidelines|policy|ads?|"
    r"personali[sz]ed?|algorithm|bot|chat|message|messages|this (?:work|thing|app|"
    r"site|service)|"
    r"channel|video|creator|author|review|rating|rate|like|dislike|undo|draft|"
    r"publish|edit|change my|reset|recover|restore|connect|link my|sync)"
)


_HELP = re.compile(
    r"^(?:(?:i )?(?:want|need|demand|would like|id like)(?: to have)? (?:all )?my (?:data|account|"
    r"history|profile|posts?|subscription|membership) (?:deleted|removed|erased|closed|exported|"
    r"changed|cancelled|canceled|back|gone).*|"
    r"(?:i )?(?:want|need|demand) (?:a |an |my )?(?:refund|money back|invoice).*|(?:forget|"
    r"delete|clear|erase|reset|remove|wipe) (?:(?:everything|all)(?! (?:\w+ ){0,4}(?:about|"
    r"around|on|related to) "
    r"(?!me\b|us\b|myself\b))(?: of it)?|(?:all )?my "
    r"(?:history|data|profile|recommendations|interests|account|likes|preferences))"
    r"(?: (?:i|ive|that i|you|about|so far|on)\b.*)?|(?:i )?need (?:some )?help(?: (?:with|"
    r"please).*)?|"
    r"help(?: me)?(?: (?:please|out|with .*|menu|page))?|"
    r"what can (?:you|u|i|this(?: thing)?) (?:do|say|ask|tell you)(?: (?:here|"
    r"for me|with (?:you|this)))?|what (?:are|r) (?:my|the) options(?: here)?|"
    r"what (?:commands|things) (?:can i|are there|do you).*|"
    r"how (?:do|does|can|should|would) (?:this|it|you|these|the (?:app|site|service|"
    r"feed|algorithm|recommendations?)|i use (?:this|you))(?: (?:app|site|service|"
    r"thing|bot))?(?: work| function| go| know)?(?: .*)?|how to use (?:this|you|"
    r"it).*|faq|manual|instructions|user guide|tutorial|getting started|"
    r"(?:i )?(?:forgot|lost|cant remember|cannot remember|"
    r"dont remember) my (?:password|username|login|email|pin|user name).*|"
    r"(?:i )?(?:cant|cannot|can not|unable to|am unable to|im unable to|not able to|"
    r"couldnt) (?:log|sign|get(?! enough)|access|open|find|change|delete|upload|"
    r"post|comment|see|load|register|verify|receive|connect|turn|unsubscribe|"
    r"cancel)\b.*|"
    r"(?:my|the) (?:account|app|password|login|profile|video|page|upload|feed|"
    r"notifications?|payment|subscription|email)\b.* (?:not|doesnt|isnt|wont|cant|"
    r"is|was|has|are|keeps?|got|broken|hacked|disappeared|gone|locked|suspended|"
    r"blocked)\b.*|"
    r"whats? (?:does|is|do) (?:the )?(?:a |an )?(?:mute|snooze|less|more|block|"
    r"boost|control|filter|premium|this button|the \w+ button|following|"
    r"interest)\b.*(?:mean|do|for)?|what (?:does|do) .+ mean(?: here)?|"
    r"(?:who|what) (?:can|does|could) (?:\w+ )?(?:see|read|access|view|know|"
    r"use) (?:what|my|me|which|who)\b.*|"
    r"(?:where|when|how long|how often|how many|how much|does|do|is|are|can|may|"
    r"will|should)\b.*\b"
    + _PLATFORM
    + r"\b.*|(?:can|could|may) i (?:use|open|run|install) (?:this|it|you|the (?:app|site|"
    r"service))\b.*|how long do you keep .*|does (?:it|this) cost.*|is (?:it|this|"
    r"there) (?:free|safe|secure).*|"
    r"(?:(?:can|could) you )?(?:explain|tell me) how (?:the |your |this |it |"
    r"my )?(?:recommend\w*|algorithm|list|feed|suggestions?|ranking|it|this)\b.*)$"
)


_HOW = re.compile(
    r"^(?:how (?:do|can|could|should|would|to|does|did|might)|where (?:do|can|is|"
    r"are|could|should|would)|can i|could i|may i|is it possible to|am i able to|"
    r"is there (?:a way|an option|any way)|"
    r"what (?:happens|should i do|do i do) (?:if|when|with)|why (?:was|is|are|were|"
    r"cant|did|does|do|has|have|wont|isnt) (?:my|i)|how long|how many|how much|"
    r"i want to (?:delete|close|cancel|change|update|edit|export|download|report|"
    r"reset)|whats the (?:procedure|way)|steps to)\b.*$"
)


_FIND_NOT_HELP = re.compile(
    r"^(?:can i (?:get|have|see|watch|read|listen)(?! (?:a |an |my |the )?(?:refund|money|invoice|"
    r"receipt|discount|copy|data|account|password)\b)|"
    r"(?:is|are) there (?:[\w-]+ ){1,4}(?:like|similar to) |(?:is|are) there (?:any|some|a|"
    r"an)?\s*(?:more|interview|news|videos? (?:on|about|of)|posts? (?:on|about)|"
    r"(?:\w+ ){1,3}(?:posts?|articles?|threads?|videos?|discussions?|guides?) (?:on|about|for|of|"
    r"with)|"
    r"articles?|books?|films?|movies?|songs?|shows?|recipes?|podcasts?|"
    r"documentar\w+)\b)"
)


_ON_PLATFORM = re.compile(rf"\b{_PLATFORM}\b")


_OUTSIDE = re.compile(
    r"^(?:(?:sort|order|group|arrange) (?:\w+ ){0,2}by\b.*|(?:whats|what is|what will|hows|"
    r"how is|will|is it going to|is it|"
    r"check)(?: the)? ?(?:weather|temperature|forecast|rain\w*|snow\w*|be (?:sunny|"
    r"cold|hot|warm))\b.*|will it (?:rain|snow)\b.*|"
    r"(?:book|reserve|order|buy|purchase|rent|schedule|cancel my|pay|transfer|wire|"
    r"deposit|withdraw|send(?! me\b)|call(?! it)|text|email|phone|dial(?! back|"
    r" down)|ring|remind me|wake me|set (?:an?|my|the|up)|turn (?:on|"
    r"off) (?:the )?(?:lights?|tv|heating|ac|fan|oven|music)|switch (?:on|off) the|"
    r"unlock|lock|open the (?:door|garage|window)|translate|calculate|convert|"
    r"compute|solve|spell|define|write (?:me )?(?:an? |the |my )?(?:poem|essay|"
    r"letter|story|email|code|program|song|report|cv|resume|speech|joke)|compose|"
    r"draw|paint|sing|dance|do my|fix|repair|clean|hack|post (?:this|that|it)|tweet|"
    r"upload this|call|drive|navigate|flip a coin|roll (?:a )?dice?)\b.*|"
    r"(?:whats|what is|what are|wheres|where is|whens|when is|when was|when did|"
    r"when does|who is|who was|whos|who won|who wrote|who invented|how (?:tall|old|"
    r"far|big|deep|high|heavy|many calories|hot|cold|fast|long is|much is|"
    r"many people|is the weather)|what time|what day|what year|whats the (?:time|"
    r"date)|what does .* stand for|which (?:country|city|planet)|is it (?:true|"
    r"possible)|will i|do i need|should i (?:buy|sell|wear|marry|take|call|see a)|"
    r"can dogs|why is the sky|how do planes|what color)\b.*)$"
)


_SHOWN = re.compile(
    r"^(?:what (?:are|were|is) my (?:interests|preferences|tastes?|profile|filters|"
    r"mutes|controls)|why (?:is|are) (?!my\b)|why do i (?:keep|always|still|only|get|see)\b|"
    r"why (?:did|do) you|why (?:am|are|"
    r"would|did) (?:i|you|these|this)|how come|is there (?:any )?(?:news|anything|"
    r"something|buzz|hype)|are there any (?:good|more|other)|"
    r"what (?:is|are|has been|gets) (?:being )?(?:discussed|said|written|reported|"
    r"posted) (?:about|on|around)|"
    r"what (?:is|are) (?:going on|happening|trending|hot|new|popular|people|"
    r"everyone|everybody|the (?:latest|buzz|news|story|deal|talk))|"
    r"whats (?:going on|happening|trending|hot|new|popular|up|the (?:latest|buzz|"
    r"news|story|deal|talk|fuss))|which (?:filters|mutes|rules)|"
    r"how many (?:posts?|articles?|threads?|videos?|items?|things) (?:are )?(?:there )?(?:about|"
    r"on)\b|"
    r"(?:whats|what is|what are|which is|which are|which) (?:the |your |some )*(?:best|top|good|"
    r"nicest|most)\b|"
    r"how (?:did|do|are) (?:you|these|they) (?:pick|choose|select|picked|chosen)|"
    r"who (?:do you think i am|am i)|what is this doing|"
    r"where do (?:these|those|they) come|wheres all the|where is all the|"
    r"what are you showing|should i (?:watch|read)|call me|what is everyone|"
    r"whats every(?:one|body))\b"
)


_SORTING = re.compile(rf"^(?:{SORTING})$|^(?:{WHICH})$")


def questions(bare: str, words: str) -> tuple[Command, ...]:
    """Return the command of a question for help or about what is outside; empty: it is none.

    `bare`: without politeness. `words`: as it stands.
    """
    if _FIND_NOT_HELP.match(bare) or _SORTING.match(bare):
        return ()
    if _HELP.match(bare) and not _SHOWN.match(bare):
        return (Help(bare),)
    if _HOW.match(bare) and not _SHOWN.match(bare):
        return (Help(bare),) if _ON_PLATFORM.search(bare) else (CannotDo("outside", bare),)
    if _OUTSIDE.match(bare) and not _SHOWN.match(bare):
        return (CannotDo("outside", bare),)
    return ()
