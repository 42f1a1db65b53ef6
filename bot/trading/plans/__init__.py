"""Plans under one Confirm: what they send after their entry."""
