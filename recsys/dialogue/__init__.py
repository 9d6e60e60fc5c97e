"""Dialogue: commands understood from sentences, facts that answer them, and texts of facts."""
