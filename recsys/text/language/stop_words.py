"""Stop words for topics: English, German, and Chinese character pairs."""

_ENGLISH = """
a about above after again against all also am an and any are aren't as at be because been before
being below between both but by can can't cannot could couldn't did didn't do does doesn't doing
don't down during each even ever every few for from further get gets getting go goes going got had
hadn't has hasn't have haven't having he he'd he'll he's her here here's hers him his how i i'd i'll
i'm i've if in into is isn't it it'd it'll it's its itself just know let let's like made make makes
making many may maybe me might more most much must my myself need never no nor not now of off oh on
once one only or other our out over own people please pretty put quite rather really said same say
says see seen she she'd she'll she's should shouldn't since so some someone something still such
take than that that's the their them then there there's these they they'd they'll they're they've
thing things think this those though through to today too two under until up upon us use used using
very want wants was wasn't way we we'd we'll we're we've well were weren't what what's when where
which while who who's whom why will with within without won't would wouldn't yes yet you you'd
you'll you're you've your yours yourself anyone anything around back came come does done else
everyone everything first found give good great guys help hey idea lot new next nothing old post
right sure tell thanks thought time try trying went work year years amp http https www com
"""
_GERMAN = """
aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bin bis bist
da damit dann das dass dein dem den denn der des dessen die dies diese diesem diesen dieser dieses
doch dort du durch ein eine einem einen einer eines er es etwas euch für gegen gibt habe haben hat
hatte hier ihm ihn ihr ihre ihren ich im in ist ja jede jeder jetzt kann kein keine können könnte
mehr mein mich mir mit muss müssen nach nicht nichts noch nun nur ob oder ohne sehr sein seine sich
sie sind so soll sollen sollte sollten sondern über um und uns unser unter vom von vor war waren
was weil wenn wer werden wie wieder will wir wird wo wurde würde zu zum zur zwischen
"""
_CHINESE = """
我们 你们 他们 这个 那个 可以 没有 什么
因为 所以 但是 如果 应该 一个 不是 就是 还是 自己 的人
"""

STOP_WORDS = frozenset(f"{_ENGLISH} {_GERMAN} {_CHINESE}".split())
