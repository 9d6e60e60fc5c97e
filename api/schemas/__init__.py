"""What requests may contain and what answers do contain, as pydantic models."""
