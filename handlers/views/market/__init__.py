"""Prices, chains, pictures, watch lists and alerts."""
