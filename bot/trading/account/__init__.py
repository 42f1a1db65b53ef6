"""An account as it stands: logins, positions, prices, the loss guard."""
