"""Orders: what is asked, sent, filled and charged."""
