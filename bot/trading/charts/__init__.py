"""What the account's pictures show, as values: candles with its own trades, and what it holds as a payoff."""
