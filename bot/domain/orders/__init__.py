"""Orders: what is asked, sent and filled, and what is held then."""
