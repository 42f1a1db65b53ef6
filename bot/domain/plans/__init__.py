"""What acts by itself after a Confirm: plans, trails, P&L exits, standing stops, baskets."""
