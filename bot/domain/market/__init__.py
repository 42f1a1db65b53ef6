"""The market: instruments, prices, calendar, sessions and rules."""
