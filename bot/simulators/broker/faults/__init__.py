"""What the paper broker can do wrong, by name."""
