"""Rules of English: patterns of clauses and their commands, a file for each kind."""
