"""Language detection and word lists."""
