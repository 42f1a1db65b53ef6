"""What is known of a command without its handler: its names, its help, its family and what it needs."""

from enum import StrEnum

from bot.domain.people.account import GRANTS, Permission, Role
from bot.domain.value import value


class Family(StrEnum):
    """A heading of /help."""

    START = "Start"
    ACCOUNT = "Account"
    ORDER = "Orders"
    BOOKS = "Books"
    MONEY = "Money"
    MARKET = "Market"
    SAFETY = "Safety"
    HOST = "The bot itself"


@value
class CommandInfo:
    """One command as a person meets it."""

    name: str
    short: tuple[str, ...] = ()  # other words for it, with or without a slash
    arguments: str = ""
    help: str  # one line
    example: str  # a whole command that works
    family: Family
    permission: Permission
    in_menu: bool = True  # Telegram's own menu takes only names of letters

    def is_for(self, role: Role) -> bool:
        """Whether the role may use it, and finds it in its menu and in /help."""
        return self.permission in GRANTS[role]
