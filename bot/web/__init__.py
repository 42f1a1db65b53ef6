"""The one page that the bot serves by itself, at REDIRECT_URL: where secrets are typed that no chat may hold."""
