"""Changes of product: from the question to what the position book says of them."""
