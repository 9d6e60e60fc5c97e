"""Columns of choice sets by short names, for tests."""

from recsys.ranking.terms.protocol import Column


def share(name):
    """Return the column of a popularity feature, such as share_1d."""
    return Column("popularity", name)


def near(engine, half_life=5.0):
    """Return the column of an engine's neighbour sums."""
    return Column("neighbours", engine, half_life)


def factors(engine, half_life=float("inf")):
    """Return the column of an engine of factors."""
    return Column("factors", engine, half_life)


def words(half_life):
    """Return the column of text vectors."""
    return Column("words", "", half_life)
