"""Object stores for all tests of this folder."""

import pytest
from object_store_fixtures import prefix, proxy, server_port, store_of

__all__ = ["prefix", "proxy", "server_port"]


@pytest.fixture(params=["file", "s3"])
def objects(request, tmp_path, prefix):
    return store_of(request, tmp_path, prefix)
