"""From who-liked-what to item scores; never sees words."""
