"""Every table, a file for each family: what is kept, and what the database itself refuses."""
