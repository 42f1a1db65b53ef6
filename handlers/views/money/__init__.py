"""The books, the day, profit and loss, and what is exported of them."""
