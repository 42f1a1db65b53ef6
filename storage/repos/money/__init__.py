"""What was traded, held and lent, and the final rows of days."""
