"""What each act needs, and who may: one gate before every handler, which also keeps away a button that it would refuse."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.errors import NotAllowed, PhoneLocked
from bot.domain.people.account import GRANTS, WHILE_LOCKED, Actor, Permission, Role
from handlers.views.keyboards import (
    CardTap,
    CardVerb,
    ChangeTap,
    DoItNowTap,
    EntriesTap,
    ExitTap,
    LeaveTap,
    ListingTap,
    OrderTap,
    OrderVerb,
    PadTap,
    Tap,
    WordsTap,
    decode,
)
from handlers.views.message import Button, View

if TYPE_CHECKING:
    from handlers.registry import Command

_ORDER_NEEDS = {
    OrderVerb.MODIFY: Permission.OPEN,
    OrderVerb.CANCEL: Permission.REDUCE,
    OrderVerb.LOOK: Permission.LOOK,
    OrderVerb.NOT_THERE: Permission.OPEN,
    OrderVerb.GIVE_UP: Permission.OPEN,
    OrderVerb.SAME: Permission.OPEN,
    OrderVerb.REVERSE: Permission.OPEN,
    OrderVerb.EXIT: Permission.REDUCE,
    OrderVerb.HALF: Permission.REDUCE,
    OrderVerb.DETAIL: Permission.LOOK,
}
_ACTS = {
    Permission.LOOK: "look",
    Permission.OPEN: "place orders",
    Permission.REDUCE: "trade or cancel",
    Permission.STOP: "stop trading",
    Permission.SESSION: "log in or out",
    Permission.ADMIN: "do this; it is the owner's",
    Permission.OWN: "do this",
}
_LABEL = re.compile(r"[\w-]{1,32}\s*:\s*(?=\S)")  # as in handlers/registry.py


def needs(tap: Tap) -> Permission | None:
    """What a tap needs; None for one that stands for words (those are judged as words) or only takes a message away."""
    match tap:
        case CardTap(verb=CardVerb.UNLINK):
            return Permission.ADMIN
        case CardTap() | ChangeTap() | ExitTap() | EntriesTap():
            return Permission.REDUCE
        case OrderTap():
            return _ORDER_NEEDS[tap.verb]
        case ListingTap():
            return Permission.LOOK
        case PadTap():
            return Permission.OWN
        case WordsTap() | LeaveTap() | DoItNowTap():
            return None


def demand(actor: Actor, permission: Permission) -> None:
    """PhoneLocked or NotAllowed unless this person may do that on this account now."""
    if actor.phone_locked and permission not in WHILE_LOCKED:
        raise PhoneLocked("This phone is sealed.")
    if not actor.may(permission):
        raise NotAllowed(f"As {actor.role} you may not {_ACTS[permission]}.")


def offered(view: View, role: Role, permission_of: Callable[[str], Permission | None]) -> View:
    """The view without the buttons that this role would be refused: what is offered must not count as trying.

    permission_of: a command's word -> what it needs; None for a word that is no command.
    """

    def may(item: Button) -> bool:
        tap = decode(item.data) if item.data else None
        needed = permission_of(_command(tap.words)) if isinstance(tap, WordsTap) else needs(tap) if tap is not None else None
        return needed is None or needed in GRANTS[role]

    rows = (tuple(item for item in row if may(item)) for row in view.keyboard)
    return replace(view, keyboard=tuple(row for row in rows if row))


def by_name(commands: "Sequence[Command]") -> Callable[[str], Permission | None]:
    """What each command of a table needs, for `offered`."""
    return {command.name: command.permission for command in commands}.get


def _command(words: str) -> str:
    """The first word of what a button of ours stands for: `main: /resume` -> resume."""
    found = _LABEL.match(words)
    return words[found.end() if found else 0 :].split(maxsplit=1)[0].removeprefix("/").lower()
