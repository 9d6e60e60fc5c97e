"""Commands of `recsys`, one module each."""
