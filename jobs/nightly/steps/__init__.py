"""Steps of the nightly run, one module each."""
