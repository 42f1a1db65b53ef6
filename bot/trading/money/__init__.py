"""The day's money: the summaries of days."""
