"""Writing from what is there: titles, captions, tags, digests."""
