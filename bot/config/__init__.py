"""Settings, addresses and env files."""
