"""Option of commands that draw at random: the seed."""

from __future__ import annotations

import click

seed_option = click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
