"""Word classes: parts that patterns of several files share."""

from __future__ import annotations

VERBS = r"(?:see|watch|read|hear|hear about|get|have|look at|listen to|be shown|know about)"


GIVE = (
    r"(?:show(?: me| us)?|give(?: me| us)?|gimme|recommend(?: me| us)?|"
    r"suggest(?: me| us)?|send(?: me)?|get me|bring(?: me)?(?: on)?|put in|add|"
    r"include|serve(?: me)?|feed me|play(?: me)?)"
)


SUBJECT = r"(?P<x>.+)"


NOUN_OF_ITEMS = (
    r"things?|stuff|posts?|articles?|threads?|ones?|items?|videos?|content|discussions?|news|"
    r"pieces?|"
    r"reads?"
)


BAD = (
    r"(?:shite?|shitty|crap|crappy|garbage|trash|rubbish|bullshit|bs|junk|bad|terrible|awful|"
    r"useless|"
    r"stupid|dumb|annoying|boring|the worst|horrible|worthless|wrong|irrelevant|ridiculous|a joke|"
    r"a waste of time|nonsense|lame|pathetic|broken)"
)
