"""Offline evaluation: baselines, metrics, trials and reports; protocols are in recsys.tuning."""
