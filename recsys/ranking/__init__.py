"""What happens per request: candidates, features, scores, rules, reasons."""
