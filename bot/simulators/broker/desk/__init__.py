"""The exchange's control desk beside the chat page."""
