"""News of orders, and of what becomes of their positions."""
