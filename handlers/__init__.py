"""The face: Telegram, and nothing else that a person sees."""
