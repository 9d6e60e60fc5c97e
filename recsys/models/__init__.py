"""Collaborative models: item-to-item weights and factors, some with word features beside."""
