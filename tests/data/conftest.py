"""The fixture by which tests of data write small files."""

import gzip
import json

import pytest


@pytest.fixture
def write(tmp_path):
    """Write a file of text, bytes or JSON values, packed where its name ends with .gz."""

    def write(name, content, encoding="utf-8"):
        if isinstance(content, list) and name.endswith(("l", ".ndjson")):
            content = "".join(json.dumps(one) + "\n" for one in content)
        elif not isinstance(content, str | bytes):
            content = json.dumps(content)
        data = content.encode(encoding) if isinstance(content, str) else content
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return tmp_path / name

    return write
