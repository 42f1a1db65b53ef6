"""Charges: the dated tariff, and what an order or a day costs by it."""
