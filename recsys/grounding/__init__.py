"""Guard of generated texts: what they state must stand in the facts."""
