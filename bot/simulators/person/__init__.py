"""The person at the demo chat: scripted, at a keyboard, in a browser."""
