"""Text encoders: static, transformer and distilled student vectors."""
