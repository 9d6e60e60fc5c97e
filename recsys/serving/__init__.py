"""What a serving process holds: the night's model, and what has happened since."""
