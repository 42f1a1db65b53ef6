"""An account as it stands: logins, positions, prices, reports, the loss guard."""
