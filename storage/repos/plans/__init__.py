"""What goes on by itself after one Confirm."""
