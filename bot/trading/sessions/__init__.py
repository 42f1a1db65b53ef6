"""Linking accounts, logging in and out, and the page on which secrets are entered."""
