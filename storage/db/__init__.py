"""The database: engine, tables, columns, JSON shapes and the read cache."""
