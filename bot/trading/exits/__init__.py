"""The single way out: one live exit for one quantity, and rings for what does not fill."""
