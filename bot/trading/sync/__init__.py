"""What the broker's books say becomes what we store."""
