"""From a request to at most one order: proposals, checks, confirmations, the desk."""
