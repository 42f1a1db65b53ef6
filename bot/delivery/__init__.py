"""News out: the notifier and the card updater."""
