"""Fitting of the parts of a Model, and its assembly; tuning is in recsys.tuning."""
