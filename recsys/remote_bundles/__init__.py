"""Bundles in an object store: published by nights, pulled by replicas."""
