"""The one page that the bot serves, at REDIRECT_URL: a person types the secrets there that no chat may hold."""
