"""From a Dataset and a time budget to a Model: tuning, fitting, the gate."""
