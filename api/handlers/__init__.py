"""Handlers: what routes call, from parameters to payloads."""
