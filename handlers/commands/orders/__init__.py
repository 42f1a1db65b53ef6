"""Commands about one order: the way to it, its question, its buttons, and what becomes of its position."""
