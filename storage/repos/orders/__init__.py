"""Orders, the questions before them, and the cards that show them."""
