"""HTTP: routing, request bodies, responses, caching, the ASGI front."""
