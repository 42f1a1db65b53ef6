"""News: everything that a person can be told, as data."""
