"""People: accounts, access, audit and secrets."""
