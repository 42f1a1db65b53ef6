"""Stops that live over days: kept as records, placed each morning under one Confirm."""
