"""Help texts of a platform: read from files, indexed, and found by a question."""
