"""From words to an instrument."""
