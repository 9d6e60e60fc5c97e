"""The store: tables over SQLite or PostgreSQL; all SQL of the project."""
