"""Commands about who uses the bot and how: accounts, PINs, limits, settings, the bot itself."""
