"""Small talk: clauses that ask for nothing."""

from __future__ import annotations

from recsys.dialogue.english.word_classes import BAD
from recsys.dialogue.patterns import SmallTalk

SMALL_TALK: SmallTalk = (
    (
        r"(?:hi|hello|hey|heya|hiya|howdy|yo|sup|wassup|whats up|greetings|"
        r"good (?:morning|evening|afternoon|day)|morning|evening|hallo|"
        r"hola)(?: (?:there|bot|all|you|everyone|again|friend|buddy|mate))*|"
        r"anybody there|are you there|how are (?:you|u|things)(?: (?:doing|today))*|"
        r"hows it going|how do you do|nice to meet you|how r u",
        "greeting",
    ),
    (
        r"(?:many |ok |cool |great )?(?:thanks?|thx|ty|tysm|thank (?:you|u)|cheers|"
        r"much appreciated|appreciate it|merci)(?: (?:so much|a lot|very much|you|mate|"
        r"man|bot|again|for (?:the|your) \w+|for that|for this))*",
        "thanks",
    ),
    (
        r"(?:good ?bye|bye(?: bye)?|see (?:you|ya|u)(?: (?:later|soon|tomorrow|"
        r"around))?|cya|later|good ?night|take care|im (?:off|done|out)|"
        r"thats all(?: for (?:now|today))?|gotta go|farewell|cu|peace out)(?: .{0,12})?",
        "farewell",
    ),
    (
        r"(?:ok|okay|k|kk|yes|yeah|yep|yup|sure|fine|alright|all right|right|got it|"
        r"i see|understood|good|ok then|okay then|no|nope|nah|no problem|no worries|hm+|"
        r"hmm|ah|aha|oh|mhm|indeed|exactly|true|whatever|fair enough|makes sense|"
        r"sounds good|thats (?:fine|ok|okay|right|it|the one)|(?:hm+ )?(?:dunno|idk|"
        r"i (?:really )?(?:dont|do not) know|not sure|no idea|no clue|(?:i )?cant decide))"
        r"(?: (?:ok|okay|thanks|cool|good|then))*",
        "agreement",
    ),
    (
        r"(?:(?:thats |this is |that was |its |you(?:re| are) |so |very |really |"
        r"pretty |quite |oh |wow |great |well |haha )*(?:actually |finally )?(?:cool|good|"
        r"great|nice|nice one|"
        r"awesome|amazing|perfect|excellent|wonderful|brilliant|fantastic|lovely|"
        r"love it|good job|well done|good one|wow|sweet|neat|helpful|the best|smart|"
        r"funny|clever|good bot|super|not bad|love this|like it|"
        r"interesting)(?: (?:love it|job|bot|work|one|stuff|choice|pick|list|thanks|"
        r"choices|picks))*|lol|haha+|ha|hehe|lmao|rofl|xd|i (?:love|like) (?:it|this|"
        r"that|you|these|how you .*)|love (?:it|this|that|you))",
        "praise",
    ),
    (
        r"(?:this|that|it|you|(?:this|the|your) (?:app|bot|service|site|thing|"
        r"list))(?:s| is| are|re| r)? (?:so |really |just |totally |"
        r"fucking |absolutely )*(?:bad|terrible|awful|useless|stupid|dumb|rubbish|crap|"
        r"shit|garbage|annoying|the worst|horrible|worthless|broken|suck|sucks|"
        r"an idiot)|(?:you|this|it) (?:really )?suck[s]?|(?:fuck|fuck (?:you|this|off)|"
        r"wtf|shit|damn|bullshit|bloody hell|screw (?:you|this)|shut up|stupid (?:bot|"
        r"thing|app)|idiot|useless|terrible|awful|what a (?:joke|mess|waste)(?: .*)?|"
        r"(?:everything|all|most of it|half of it|the stuff|whatever|all the stuff)"
        r"(?: (?:that )?"
        r"(?:you|u|it) (?:\w+ )?(?:show|recommend|suggest|give|list|pick|send|offer)\w*(?: me| "
        rf"us)?| here| on here)?(?:s| is| are| was) (?:\w+ ){{0,2}}{BAD}|"
        r"nothing (?:(?:that )?(?:you|u) (?:\w+ )?(?:show|recommend|suggest|give|list|pick)\w*"
        r"(?: me)? |here )?(?:is|was|works?)(?: (?:any )?(?:good|right|useful|relevant|"
        r"interesting))?|"
        r"(?:this|these|those|your|the) (?:recommendations?|suggestions?|lists?|results?|"
        r"picks?|articles|posts|choices)"
        rf"(?: you \w+ me)? (?:(?:is|are|r) (?:\w+ ){{0,2}}{BAD}|sucks?)|"
        rf"i hate (?:this|these|that|your|the|all)(?: \w+){{0,2}} (?:{BAD}|recommendations?|"
        r"suggestions?|lists?|app|site|service|bot)|"
        r"(?:hey )?(?:you|u|your|youre)(?: are| r)? (?:a |an |such |all |so |just |fucking |"
        r"stupid |damn |"
        r"bloody |bunch of |complete |total |the |useless )*(?:idiots?|morons?|fools?|clowns?|"
        r"assholes?|bastards?|imbeciles?|dumbass|dickheads?|useless|hopeless|stupid|dumb|"
        r"terrible|awful|annoying|bad)|"
        r"(?:idiots|morons|clowns|fools)|"
        r"why (?:is|are) (?:this|these|your|the|my|all)(?: (?:list|feed|app|recommendations?|"
        rf"suggestions?|results?|stuff|things))? (?:so|such|always|all) (?:\w+ )?{BAD}|"
        r"(?:you|this|it) (?:never|dont|doesnt|does not|do not|just dont|just doesnt|cant)(?: "
        r"(?:ever|even|really))? (?:get (?:it|me|anything|this) ?(?:right)?|listen(?: to me)?|"
        r"understand(?: me| anything)?|learn|work|help)|"
        r"(?:this|that|it)(?:s| is| was)? not (?:helpful|working|useful|what i (?:want(?:ed)?|"
        r"asked(?: for)?|said|meant))|"
        r"worst .*|this is (?:bs|ridiculous|a joke)|i hate (?:this|you|it)(?: (?:app|"
        r"bot|thing|shit|crap))?|so annoying)",
        "complaint",
    ),
    (
        r"(?:are (?:you|u)|r u|is this) (?:a |an |even |really )*(?:robot|bot|human|"
        r"real|person|ai|machine|chatbot|computer|alive|chatgpt|real person)(?: .*)?|"
        r"(?:whats|what is|tell me|do you have)(?: your| a)? name|who (?:are|r) (?:you|"
        r"u)|who (?:made|created|built|programmed|wrote|owns|developed|trained) (?:you|"
        r"u)|who (?:made|created|built|programmed|owns|developed|trained) this|"
        r"what are you|how old are you|where are you from|do you (?:sleep|dream|"
        r"love me|have feelings|like me)|are you (?:ok|single|happy|smart|sentient|"
        r"conscious)",
        "self",
    ),
)
