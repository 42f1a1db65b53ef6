"""From what a person asked to an order in legal shape, and what the account has that it hangs on."""
