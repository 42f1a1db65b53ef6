"""Settings, addresses, env files and key sources."""
