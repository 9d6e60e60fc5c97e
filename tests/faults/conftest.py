"""The fixtures of tests/api, for tests of faults."""

from conftest import home, make_app, pristine  # noqa: F401
