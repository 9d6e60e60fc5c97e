"""`recsys recommend USER`: prints the list that the service would return.

recsys recommend 15 -n 10 --explain
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table

from recsys.data.id_normalization import canonical_id
from recsys.ranking.query import Query, Reason, Recommendation

from ..cli import run
from ..command_output import output
from ..environment import load_settings
from ..local_recommender import LocalService, open_service


@click.command(name="recommend")
@click.argument("user")
@click.option(
    "-n", "--n", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many."
)
@click.option("--explain", is_flag=True, help="All parts of every score, not only the largest.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(user: str, n: int, explain: bool, as_json: bool) -> None:
    """Recommend items to USER, by the same engine and settings as the service."""
    user = canonical_id(user)
    with open_service(load_settings()) as engine:
        found = engine.recommend(user, n, explain)
        notice = engine.notice(user) if len(found) < n else ""
        if as_json:
            document = {**documents(engine, user, found), "notice": notice or None}
            print(json.dumps(document, ensure_ascii=False, indent=1))
            return
        console = output()
        if found:
            console.print(recommendation_table(engine, found, explain))
            print_order(console, engine.query(user))
        if found and not engine.history(user):
            console.print(
                f"No event of the user {user!r} counts: this is the list of somebody new.",
                style="dim",
                highlight=False,
            )
        if notice:
            console.print(f"{notice}.", highlight=False)


def documents(
    engine: LocalService, user: str, found: Sequence[Recommendation]
) -> dict[str, object]:
    """Return a list as JSON, with what is known of each item."""
    live = engine.recommender.live
    items = [
        {
            **one._asdict(),
            "reasons": [each._asdict() for each in one.reasons],
            "item": live.document(live.row(one.item_id)),
        }
        for one in found
    ]
    version = live.model.version
    return {"user": user, "model_version": version, "items": items}


def recommendation_table(
    engine: LocalService, found: Sequence[Recommendation], explain: bool = False
) -> Table:
    """Return a table of rank, title, score, source and reasons."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", justify="right")
    table.add_column("title", max_width=30, no_wrap=True)
    table.add_column("score", justify="right")
    table.add_column("source")
    table.add_column("reason", max_width=47)
    for each in found:
        shown = each.reasons if explain else _telling(each.reasons)
        reasons = "\n".join(f"{r.share:.0%} {r.text}" if explain else r.text for r in shown)
        title = engine.title(each.item_id)
        table.add_row(str(each.rank), title, f"{each.score:.3f}", each.source, reasons)
    return table


def print_order(console: Console, query: Query) -> None:
    """Print why a list does not follow its scores; nothing where it does."""
    if query.diversity > 0:
        console.print(
            f"Not in the order of the scores alone: diversity is {query.diversity:g}, so a row"
            " moves down where its text is like those above it.",
            style="dim",
        )


OWN = 0.1  # share of a score from which a reason of the user's own is given first


def _telling(reasons: Sequence[Reason]) -> Sequence[Reason]:
    """Return the one reason to show: the reader's own part where it is not a small one."""
    own = [reason for reason in reasons if reason.item_id and reason.share >= OWN]
    return own[:1] or reasons[:1]


if __name__ == "__main__":
    run(command)
