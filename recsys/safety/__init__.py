"""Safety of what is posted: duplicates, floods, insults, threats, scams, rumours."""
