"""Commands about prices: quotes, chains, pictures, watch lists and alerts."""
