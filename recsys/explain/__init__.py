"""Reasons and explanations: attribution of a score to its parts, templates, wording."""
