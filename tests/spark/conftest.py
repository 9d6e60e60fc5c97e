"""An object store for tests of this folder."""

from object_store_fixtures import prefix, proxy, server_port

__all__ = ["prefix", "proxy", "server_port"]
