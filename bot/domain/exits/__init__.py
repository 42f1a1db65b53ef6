"""Ways out: what closes what, lists of exits and their choice."""
