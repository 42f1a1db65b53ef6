"""What the bot asks of Telegram: methods, parameters, files, and the server that answers."""
