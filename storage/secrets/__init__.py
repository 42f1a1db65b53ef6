"""The vault and the keys that open it."""
