"""Nights on Spark: blocks of work in executors, by pieces that a manifest names."""
