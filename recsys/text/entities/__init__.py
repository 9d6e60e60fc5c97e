"""Named entities of a catalogue: gazetteer, phrases, matching."""
