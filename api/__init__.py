"""HTTP service: routes, schemas, console and the processes that serve them."""
