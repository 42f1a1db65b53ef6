"""Alerts, and the list of instruments in use."""
