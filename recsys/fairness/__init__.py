"""Fairness of exposure: reports by creator and group, a floor for new creators, calibration."""
