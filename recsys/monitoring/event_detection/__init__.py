"""Detection of new events in a stream of texts: bursts of terms, joined to clusters of texts."""
