"""Score terms: the additive parts of a score, one file per term, listed once in `registry`."""
