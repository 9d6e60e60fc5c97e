"""Sentiment of short texts: lexicon, linear model, training."""
