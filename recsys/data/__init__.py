"""From the outside world to numbered rows; the only place where time is cut."""
