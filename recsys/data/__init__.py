"""Input data: files, records, ids, event tables and the Dataset that models are fitted to."""
