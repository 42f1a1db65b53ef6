"""Commands about the books, the day, profit and loss, and files of them."""
