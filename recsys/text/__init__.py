"""From words to vectors and signals."""
