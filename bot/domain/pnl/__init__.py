"""Profit and loss from an account's own fills: pure values and sums."""
