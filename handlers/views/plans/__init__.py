"""What goes on by itself after one Confirm: lists of exits, baskets, trails, P&L exits, standing stops."""
