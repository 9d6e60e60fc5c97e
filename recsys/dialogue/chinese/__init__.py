"""Chinese: what messages in Chinese are read with."""
