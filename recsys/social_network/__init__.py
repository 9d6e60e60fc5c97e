"""Computations on the social network: whom to follow, communities, influence, how items spread."""
