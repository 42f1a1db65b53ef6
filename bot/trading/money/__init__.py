"""The day's money: mornings, summaries of days and ranges, and files of them."""
