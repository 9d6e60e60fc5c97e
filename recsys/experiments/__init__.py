"""Experiments: definitions, assignment, sequential tests, reports, off-policy estimates."""
