"""Topics of a catalogue: clustering, terms, labels."""
