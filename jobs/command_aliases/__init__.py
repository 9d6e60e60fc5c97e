"""Modules of `python -m jobs.<command>`, one per command, on the path of `jobs`."""
