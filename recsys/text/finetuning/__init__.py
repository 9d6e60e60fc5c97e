"""Fine-tuning of text encoders: batches, losses, hard negatives, checkpoints."""
