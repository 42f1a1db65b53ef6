"""What the domain asks of the world: the broker and the store."""
