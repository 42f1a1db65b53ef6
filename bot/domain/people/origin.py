"""From where an act came: the message in the chat, the page for secrets, or a command on the host."""

from contextvars import ContextVar

# Set where something comes in; what that starts inherits it. What the bot does by itself has none.
origin: ContextVar[str] = ContextVar("origin", default="")

PAGE = "page for secrets"


def of_update(update_id: int, message_id: int | None, *, tapped: bool) -> str:
    """The words of the record of acts: Telegram's number of the update, and of the message that was typed or tapped on."""
    if message_id is None:
        return f"update {update_id}"
    return f"update {update_id}, {'tap on ' if tapped else ''}message {message_id}"


def on_host(command: str) -> str:
    """The words of the record of acts for a command that was given on the host."""
    return f"host: {command}"
