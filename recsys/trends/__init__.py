"""What rises and falls: counts per hour, what was to be expected, bursts, forecasts."""
