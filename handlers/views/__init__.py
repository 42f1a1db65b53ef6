"""Pure functions from domain values to text and buttons."""
