"""What watches prices: subscriptions counted by their use."""
