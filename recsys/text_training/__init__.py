"""Training of text encoders on user-item interactions."""
