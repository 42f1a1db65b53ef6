"""What protects: limits, PINs, the token guard, lockdown."""
