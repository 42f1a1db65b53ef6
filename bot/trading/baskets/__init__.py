"""Baskets: several orders under one Confirm, in leg order."""
