"""Nearest vectors by inner product: exact, and FAISS on CPU or GPU."""
