"""What every order stands on: one-time questions, the one POST, and the search by number."""
