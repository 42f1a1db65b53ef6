"""Every fill of an account, kept, and the day's money that follows from it."""
