"""English: what messages in English are read with."""
