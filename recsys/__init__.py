"""A recommendation engine: behaviour and words joined in one vector space, served per request."""

__version__ = "0.1.0"
