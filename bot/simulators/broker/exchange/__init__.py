"""The paper exchange: orders, matching, risk checks and their reasons."""
