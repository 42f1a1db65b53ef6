"""What protects: limits, PINs, the token guard, lockdown, and who is told of an act."""
