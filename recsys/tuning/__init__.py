"""Model selection: validation sets, replay, engine preselection, fitted score models."""
