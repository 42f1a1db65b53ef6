"""A Telegram on the wire: a chat in memory behind the Bot API, for trying the bot and for its journey tests."""
