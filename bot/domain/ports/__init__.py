"""What the heart asks of the world: the broker and the store."""
