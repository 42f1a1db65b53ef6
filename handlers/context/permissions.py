"""The permissions that handlers ask for before they act, and views without the buttons that would be refused."""

from collections.abc import Callable
from dataclasses import replace

from bot.domain.errors import NotAllowed, PhoneLocked
from bot.domain.people.account import GRANTS, WHILE_LOCKED, Actor, Permission, Role
from handlers.views.message import Button, View
from handlers.views.taps.tap import decode
from handlers.views.taps.taps import WordsTap

PermissionOf = Callable[[str], Permission | None]  # a person's words -> what they need; None: they are no command

_ACTS = {
    Permission.LOOK: "look",
    Permission.OPEN: "place orders",
    Permission.REDUCE: "trade or cancel",
    Permission.STOP: "stop trading",
    Permission.SESSION: "log in or out",
    Permission.ADMIN: "do this; it is the owner's",
    Permission.OWN: "do this",
}


def demand(actor: Actor, permission: Permission) -> None:
    """PhoneLocked or NotAllowed unless this person may do that on this account now."""
    if actor.phone_locked and permission not in WHILE_LOCKED:
        raise PhoneLocked("This phone is sealed.")
    if not actor.may(permission):
        raise NotAllowed(f"As {actor.role} you may not {_ACTS[permission]}.")


def offered(view: View, role: Role, permission_of: PermissionOf) -> View:
    """The view without the buttons that this role may not use: a tap on what was offered must not count as trying."""

    def may(button: Button) -> bool:
        tap = decode(button.data) if button.data else None
        if tap is None:
            return True
        permission = permission_of(tap.words) if isinstance(tap, WordsTap) else tap.permission
        return permission is None or permission in GRANTS[role]

    rows = (tuple(button for button in row if may(button)) for row in view.keyboard)
    return replace(view, keyboard=tuple(row for row in rows if row))
