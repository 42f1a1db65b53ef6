"""Subscriptions to prices, counted by their use."""
