"""Sphinx configuration; `docs/sphinx/build.py` (`make docs`) stages the pages and runs Sphinx."""

from __future__ import annotations

import re
from importlib.metadata import version as version_of
from typing import Any

import scipy.stats  # noqa: F401  (computes examples when it is loaded: before torch is a mock)

project = "recsys"
author = "the recsys contributors"
copyright = f"2026, {author}"  # noqa: A001
release = version = version_of("recsys")

extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
root_doc = "index"
myst_heading_anchors = 4
myst_links_external_new_tab = False
nitpicky = False
# `…` stands for what is left out of the printed answers, so that Pygments finds no valid JSON
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = f"recsys {release}"
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": False}

# Heavy libraries are replaced by mocks: the pages build without torch in memory.
autodoc_mock_imports = [
    "torch",
    "sentence_transformers",
    "transformers",
    "implicit",
    "lightgbm",
    "peft",
    "faiss",
    "sklearn",
    "lightfm",
    "safetensors",
    "huggingface_hub",
    "irspack",
    "model2vec",
    "datasets",
]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
default_role = "literal"


def escape_docstring(
    app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Turn a plain-text docstring into reStructuredText, in place.

    Docstrings of the project are plain text: signs that are markup elsewhere are escaped, and an
    indented block is a literal one.
    """
    found: list[str] = []
    literal = False
    for line in lines:
        if line.startswith("    ") and (not found or not found[-1].strip()):
            if not literal:
                found += ["::", ""]
            literal = True
        elif line.strip() and not line.startswith(" "):
            literal = False
        found.append(
            line if literal else re.sub(r"(?<!`)([*|]|\b_\b|(?<=\w)_(?!\w))", r"\\\1", line)
        )
    lines[:] = found


def setup(app: Any) -> None:
    """Connect the docstring converter."""
    app.connect("autodoc-process-docstring", escape_docstring)
