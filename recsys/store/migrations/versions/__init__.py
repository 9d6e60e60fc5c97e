"""Revisions of the store's tables, in the order of their numbers; never changed once released."""
