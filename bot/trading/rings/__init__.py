"""What rings by itself: by the afternoon's clock, about open positions, about a silent feed."""
