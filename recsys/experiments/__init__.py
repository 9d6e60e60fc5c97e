"""Statistics of online experiments: assignment, sequential tests, plans, off-policy estimates."""
