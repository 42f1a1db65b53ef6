"""One order: the question, its steps, its card, its news, and what is asked of a position."""
