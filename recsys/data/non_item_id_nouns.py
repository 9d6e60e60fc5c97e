"""Other ids: nouns whose ids in files of events are never those of items."""

from __future__ import annotations

NOUNS = tuple(
    """
    session event message insert transaction order request log row record trace device author
    creator category parent brand seller shop store channel campaign cookie anonymous group tag
    topic user visit impression click rating review comment ad site tenant language country
    city section owner publisher source batch import external list cart checkout wishlist
    coupon promotion query search payment invoice experiment variation
    """.split()
)
