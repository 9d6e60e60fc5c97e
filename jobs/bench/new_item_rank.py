"""Rank of a newly posted item for a user whom it suits, in a running service with the sample data.

python -m jobs.bench.new_item_rank http://127.0.0.1:8000

A visitor has rated three films 10. The post is made of the words of their titles and of their
genres, sent by POST /items, looked up in the visitor's list by POST /recommend, and deleted again.
"""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass

import click

from recsys.client import Client

TRIOS = (  # item ids of MovieTweetings
    ("0848228", "0458339", "0800369"),  # The Avengers, Captain America, Thor
    ("0112471", "0381681", "2209418"),  # Before Sunrise, Before Sunset, Before Midnight
    ("0114709", "0120363", "1453405"),  # Toy Story, Toy Story 2, Monsters University
)
DEEPEST = 500  # place up to which the list is read: the longest page
WAIT_SECONDS = 5.0  # until every worker knows a post
_YEAR = re.compile(r"\(\d{4}\)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post stood."""

    title: str
    place: int | None  # from 1; None: not among the first DEEPEST
    reasons: tuple[str, ...]


def place_of_post(service: Client, films: tuple[str, ...]) -> Place:
    """Return where a post in the words and genres of some films stands for who rated them 10."""
    known = [one for one in map(service.item, films) if one is not None]
    if len(known) < len(films):
        raise click.ClickException(f"the service does not know all of {', '.join(films)}")
    title = " ".join(_YEAR.sub("", str(one["title"])).strip() for one in known)
    tags = sorted({tag for one in known for tag in one["tags"]})
    post = f"post-{uuid.uuid4().hex}"
    service.add_items([{"item_id": post, "title": title, "tags": tags, "created_at": time.time()}])
    try:
        time.sleep(WAIT_SECONDS)
        events = [{"item_id": film, "event": "rating", "value": 10} for film in films]
        found = service.recommend_session(events=events, n=DEEPEST, fields=["none"])["items"]
    finally:
        service.delete_item(post)
    for one in found:
        if one["item_id"] == post:
            reasons = tuple(reason["text"] for reason in one["reasons"])
            return Place(title, int(one["rank"]), reasons)
    return Place(title, None, ())


@click.command()
@click.argument("url")
@click.option("--key", default="", help="API key with the right `items`.")
def command(url: str, key: str) -> None:
    """Print the place of three posts; RESULTS.md has the figures of the sample."""
    with Client(url, key) as service:
        for films in TRIOS:
            found = place_of_post(service, films)
            place = f"beyond {DEEPEST}" if found.place is None else str(found.place)
            click.echo(f"{place:>6}  {found.title}: {'; '.join(found.reasons)}")


if __name__ == "__main__":
    command()
