"""What the bot knows of its own state, for reports."""
