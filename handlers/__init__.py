"""Everything that a person sees in Telegram."""
