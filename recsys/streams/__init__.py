"""Streams: events from message brokers and growing files, stored exactly once."""
