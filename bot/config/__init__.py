"""Settings, addresses, env files, and where the keys may lie."""
