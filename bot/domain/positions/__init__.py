"""What is held: positions, holdings, money, and the facts of a day about them."""
