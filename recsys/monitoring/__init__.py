"""Watches over the platform's texts: matching, bursts of negative share, alerts, opinion shares."""
