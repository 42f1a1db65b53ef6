"""P&L exits: which figure they watch, and what they do when it strikes."""
