"""Orders: what is asked, sent and filled."""
