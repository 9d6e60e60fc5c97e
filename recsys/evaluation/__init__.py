"""Offline evaluation: protocols, rows of the table, reports."""
