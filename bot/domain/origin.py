"""Which update of Telegram's is being acted on, so that the record of acts can name the message behind each act."""

from contextvars import ContextVar

# Set where an update is handed to its handler; what that starts inherits it, a timer's work has none.
update_id: ContextVar[int | None] = ContextVar("update_id", default=None)
