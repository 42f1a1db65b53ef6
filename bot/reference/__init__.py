"""Dated facts with their sources (calendar, charges, market rules, refusals) and the readers that make values of them."""
