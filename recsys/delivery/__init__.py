"""Delivery of notices: webhooks and mail, from the outbox of a store to their destinations."""
