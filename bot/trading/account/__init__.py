"""An account as it stands: what is held, its prices, its day, and the loss guard."""
