"""News of what goes on by itself after one Confirm."""
