"""Who uses the bot and how: accounts, PINs, limits, settings, how the bot is doing."""
