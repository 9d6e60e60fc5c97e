"""Benchmarks of stages, serving, encoders and memory."""
