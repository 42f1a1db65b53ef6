"""Carries out lists of exits, baskets, panics and reversals once they are confirmed."""
