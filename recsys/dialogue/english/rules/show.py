"""Rules of more of a list, and of what is known of a user or steers their lists."""

from __future__ import annotations

from recsys.dialogue.english.makers import shown
from recsys.dialogue.patterns import Rules

RULES: Rules = (
    (
        r"(?:(?:show|give|get|send)(?: me| us)?|gimme|got(?: any)?|"
        r"have you got(?: any)?|any|are there|is there|let me see|i want|i want to see|"
        r"want|do you have|can i have|can i see|load|see)?\s*(?:a few |some |any |"
        r"many )?more(?: (?:please|results|options|suggestions|recommendations|ones|"
        r"of (?:these|them|those|the list)))?|next(?: (?:page|one|ones|ten|batch|"
        r"please))?|(?:keep|carry) (?:going|on)|continue|go on|what else(?: (?:is there|"
        r"do you have|have you got|you got))?|(?:any|show me|some|got any|"
        r"the) (?:others?|other ones)|(?:show me |give me |got )?(?:something|"
        r"anything) (?:else|different)|(?:show|give) me (?:other|different|new) (?:ones|"
        r"things|suggestions|options|results)|next|different ones|others|refresh|reload|"
        r"new (?:list|page|suggestions)|more more|(?:mix it|spice it|shake it|shuffle it|"
        r"shuffle)(?: "
        r"(?:up|a bit))*|"
        r"(?:(?:stop|quit|dont|no|not|why|always|its|its always|please stop|(?:you |u |it )?"
        r"(?:just )?keeps?) )*(?:(?:showing|"
        r"recommending|giving|show|recommend|give)(?: me)? )?(?:always )?the same "
        r"(?:old )?(?:things?|stuff|ones|"
        r"posts|items|list|articles|crap|shit|junk|garbage|rubbish|trash|nonsense)"
        r"(?: (?:over and over|again|every time|all the time))*|"
        r"(?:(?:show|give|find|get) me |i want )?(?:something|anything|stuff|things|ones|posts|"
        r"articles|what) (?:that )?(?:i|ive|i have) (?:havent|have not|not|never|didnt|did not) "
        r"(?:seen|read|watched|see)(?: yet| before| already)*",
        shown("more"),
    ),
    (
        r"(?:tell me )?what (?:do|did|have|has) (?:you|u|the system|it) (?:know|"
        r"learn(?:ed|t)?|think|believe|store[d]?|remember|collect(?:ed)?|gather(?:ed)?|"
        r"assume)(?: about me| of me| on me| i like| i(?:m| am) into| im interested in|"
        r" about my (?:taste|interests))|(?:show|see|tell|open|view|what(?:s| is| are|"
        r"re)?)(?: me)? my (?:profile|interests|taste|tastes|user profile|preferences|"
        r"history|persona)(?: in your eyes)?|who (?:do you think i am|am i(?: (?:to|"
        r"for) you)?)|what (?:are|were) my (?:interests|preferences|tastes?)|what (?:do|"
        r"should) i (?:like|enjoy)(?: (?:according to you|in your opinion))?|"
        r"my (?:profile|interests)|what kind of (?:person|user|reader|"
        r"viewer) am i(?: .*)?|describe (?:me|my taste)|"
        r"(?:(?:show|tell|give)(?: me| us)? )?(?:what|everything|all)(?: that)? (?:you|u)(?:ve)? "
        r"(?:think|know|believe|assume|reckon|guess|learned|have learned|remember|have)"
        r"(?: that)? (?:about me|of me|on me|(?:i|im|i am) (?:really )?(?:like|love|enjoy|want|"
        r"prefer|into|interested in|care about))",
        shown("profile"),
    ),
    (
        r"(?:what|which)(?: \w+)? (?:settings?|rules?|filters?|changes?|wishes|"
        r"preferences) (?:have|did) i"
        r"(?: \w+)?(?: so far| already| until now)?|(?:what|which) (?:settings?|rules?|filters?|"
        r"changes?|"
        r"wishes) (?:have|did) i (?:made?|set|changed?|chosen?|choose)(?: .*)?|"
        r"(?:what|which|who|whom)(?: things| topics| words| stuff)? (?:have i|did i|"
        r"do i have|i have|am i)(?: \w+)? (?:muted|mute|hid|hidden|hide|blocked|block|"
        r"banned|filtered|boosted|told you|asked for|turned off|muting|hiding|"
        r"blocking)(?: .*)?|what (?:did|have) i (?:tell|told|asked?|say|"
        r"said)(?: you)?(?: to)? ?(?:hide|mute|block|show|skip|less|more|"
        r"remember)?(?: .*)?|(?:show|list|see|display|view)(?: me)? "
        r"(?:everything|all|all things|what|whatever)(?: that)? (?:i|ive|i have|im) (?:muted|"
        r"hidden|hid|blocked|banned|"
        r"filtered|boosted|muting|hiding|blocking|set|changed)(?: so far| already)?|"
        r"(?:show|list|see|display|view|what are|whats|"
        r"which are)(?: me)?(?: all)?(?: of)? (?:my|the|current|active) ?(?:current|"
        r"active)? ?(?:filters?|mutes?|blocks?|controls?|muted (?:topics|words|things)|"
        r"blocked (?:topics|words|things)|rules|topic settings|settings for topics|"
        r"restrictions)|what (?:did|have) you (?:just )?chang(?:e|ed)(?: .*)?|(?:which|"
        r"what) (?:filters?|rules|controls|mutes)(?: \w+)* (?:on|"
        r"active|set|in (?:place|force|effect)|are there|do i have)|my (?:filters?|"
        r"mutes?|controls?|mute list|blocklist|settings for topics|settings)|"
        r"(?:show|list|see|view|whats|what are)(?: me)? (?:my|the|all my) (?:wishes|settings)",
        shown("controls"),
    ),
    (
        r"(?:none|nothing|neither) of (?:these|those|them)(?: please)?|"
        r"(?:these|those|they) are (?:all )?(?:bad|boring|not good|no good)",
        shown("more"),
    ),
)
