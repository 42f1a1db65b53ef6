"""The paper broker's own errors: what it answers when it refuses, and what stops it from starting."""

from __future__ import annotations


class PaperError(Exception):
    """Base of everything the paper broker raises by itself."""

    @property
    def say(self) -> str:
        """What is wrong, in a sentence for whoever started it."""
        return str(self)


class BadSettings(PaperError):
    """The paper broker cannot start as it was told to. The words name what is wrong."""


class BooksInUse(BadSettings, OSError):
    """Another process keeps its books in the same directory.

    An OSError of the kind of a taken port too: whoever starts a server is ready for that one, and it is the same news.
    """

    @property
    def say(self) -> str:
        return f"Another paper broker keeps its books in {self.filename}."


class UnknownFault(PaperError):
    """Somebody armed a fault that is not in the table of faults.py, or gave it a parameter it does not know."""


class Refusal(PaperError):
    """A call is answered with a failure and has no effect.

    `code` goes into `errorcode`, or into `error_type` when `typed` (mstock-type-b.md 1.3 and 1.4 know both).
    """

    def __init__(
        self, message: str, *, http: int = 200, code: str = "MA200", typed: bool = False, status: object = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.http = http
        self.code = code
        self.typed = typed
        self.status = status

    def body(self) -> dict[str, object]:
        return {
            "status": self.status,
            "message": self.message,
            "error_type" if self.typed else "errorcode": self.code,
            "data": None,
        }
