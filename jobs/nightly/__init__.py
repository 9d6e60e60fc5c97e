"""The nightly run: context, pipeline and steps."""
