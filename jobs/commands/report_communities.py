"""`recsys communities`: communities of users by follows and taste, and influence, for operators.

RECSYS_HOME=/srv/recsys recsys communities --json
"""

from __future__ import annotations

import json

import click

from recsys.bundle_store import BundleStore
from recsys.errors import BundleError
from recsys.serving.model import Model
from recsys.settings import Settings
from recsys.social_network_report import LEAST, NetworkReport
from recsys.store.store import Store

from ..cli import run
from ..command_audit import audited
from ..environment import load_settings
from ..seed_option import seed_option


@click.command(name="communities")
@click.option(
    "--least",
    type=click.IntRange(3),
    default=LEAST,
    show_default=True,
    help="Users below which nothing is reported of a community, a topic or a person.",
)
@seed_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(least: int, seed: int, as_json: bool) -> None:
    """Tell of communities that follow each other and take up the same, with their topics.

    Influence within a topic is what followers took up within a day after a person, beyond what they
    took up before. Nothing of it is stored, but for an entry of the audit log per person named.
    """
    settings = load_settings()
    least = max(least, settings.min_people)
    with Store.open(settings.store_url) as store:
        report = NetworkReport.of(store, settings.weights, _topics(settings), least, seed)
        persons = dict.fromkeys(str(one["user_id"]) for one in report.influential)
        with audited(store, "communities", *persons):
            found = report.to_json()
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False))
        return
    print(
        f"{report.users} users, {report.edges} follows, modularity {report.modularity:.3f};"
        f" {report.hidden_communities} communities of fewer than {least} users are not shown"
    )
    for one in report.communities:
        named = ", ".join(one["topics"]) or "no topic of its own"
        print(f"community {one['community']}: {one['users']} users, {named}")
    for one in report.influential:
        print(
            f"{one['user_id']} on {one['topic']}: {one['after']} acts of {one['followers']}"
            f" followers after theirs, {one['before']} before"
        )


def _topics(settings: Settings) -> dict[str, str] | None:
    """Return the name of each item's topic by the bundle in service; None without topics."""
    try:
        model = BundleStore(settings.home).load_current(Model.from_raw)
    except BundleError:
        return None
    topics = model.topics
    if topics is None:
        return None
    names = [topics.name(row) for row in range(len(topics))]
    rows = topics.items[: len(model.catalogue)].tolist()
    found = zip(model.catalogue.ids, rows, strict=False)
    return {item: names[row] for item, row in found if row >= 0 and names[row]}


if __name__ == "__main__":
    run(command)
