"""The small error tree of the demo chat, which shares nothing with the bot that it serves.

DemoError
+ ApiError           what Telegram answers with `ok: false`
+ PersonError        a person tried what the chat does not offer, or waited in vain
"""


class DemoError(Exception):
    """Base of everything that the demo chat raises by itself."""


class ApiError(DemoError):
    """A refusal of the Bot API: an HTTP status, Telegram's words, and for floods the seconds to wait."""

    def __init__(self, status: int, words: str, *, retry_after: int | None = None) -> None:
        super().__init__(f"{status} {words}")
        self.status = status
        self.words = words
        self.retry_after = retry_after


class PersonError(DemoError):
    """The person at the chat asked for a button or message that is not there, or waited in vain."""
