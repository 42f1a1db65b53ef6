"""Telegram's transport: receiver, admission, queues, HTTP, rate limits, sender."""
