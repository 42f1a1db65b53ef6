"""Who may use the bot: the list, an invitation, a welcome."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.people.access import Invited, Welcome
from bot.domain.people.account import Role, User
from handlers.views.format import clock_time
from handlers.views.keyboards import button
from handlers.views.message import Button, View, bold, code, message, say
from handlers.views.taps.taps import WordsTap

MAY = {
    Role.OWNER: "everything, people and limits included",
    Role.TRADER: "look, order within the limits, exit, stop trading",
    Role.GUARDIAN: "look, make positions smaller, cancel, stop trading",
    Role.VIEWER: "look",
}


def people(entries: Sequence[tuple[User, str | None, Role]]) -> View:
    """The list, as it stands, and how it is changed."""
    lines = [
        say(bold(user.name), f" · {user.telegram_id} · {role} on {label or 'all accounts'}{'' if user.active else ' · off'}")
        for user, label, role in entries
    ]
    return message(
        say(bold("People")),
        *lines,
        say("Invite: ", code("/people add trader"), " · take off: ", code("/people remove 4212")),
    )


def invited(invite: Invited, link: str) -> View:
    """The link, ready to be copied. It is worth a place on the list until it is used."""
    where = invite.label or "all accounts"
    view = message(
        say(bold(f"A link for one {invite.role}"), f" · {where}"),
        f"May: {MAY[invite.role]}.",
        say(code(link)),
        f"It works once, until {clock_time(invite.expires_at)}. Whoever opens it first is on the list: send it to nobody else.",
    ).with_keyboard([Button("Copy the link", copy=link)])
    return replace(view, portable=True)


def welcome(outcome: Welcome) -> View:
    """The first words to somebody who has just joined."""
    where = outcome.label or "all accounts"
    return message(
        say(bold(f"Welcome. You are {outcome.role}"), f" · {where} · invited by {outcome.by}"),
        f"You may: {MAY[outcome.role]}.",
    ).with_keyboard([button("Start", WordsTap("/start")), button("Help", WordsTap("/help"))])


def no_entry(words: str) -> View:
    return message(words)


def removed(user: User) -> View:
    return message(
        say(bold(f"{user.name} is off the list."), f" ({user.telegram_id})"),
        "Open cards, waiting news and links of that person are dead. Orders at mStock stay.",
    )
