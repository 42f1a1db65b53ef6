"""The greeting, the help made from the one table, the menu, and the answer to words that nobody understands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.clock import ist
from bot.domain.people.account import Account, Actor, Permission
from handlers.views.format import short_time
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Line, Part, View, bold, code, message, say
from handlers.views.taps.taps import DoItNowTap, WordsTap


class HelpEntry(Protocol):
    """One command, as far as help is concerned."""

    @property
    def name(self) -> str: ...
    @property
    def short(self) -> tuple[str, ...]: ...
    @property
    def arguments(self) -> str: ...
    @property
    def help(self) -> str: ...
    @property
    def example(self) -> str: ...
    @property
    def family(self) -> str: ...


_MAY = {
    "owner": "everything is allowed",
    "trader": "you may look, order and stop",
    "guardian": "you may look, reduce and stop",
    "viewer": "you may look",
}


def greeting(actor: Actor, mode: str, session: str) -> View:
    """Who you are here, which account and mode, and the first thing to try."""
    account = actor.account
    parts: list[Part | str] = [
        say(bold(f"You are the {actor.role} here:"), f" {_MAY[actor.role]}."),
        say(f"Account {account.label} ({account.client}) · ", bold(mode)) if account is not None else "No account is linked yet.",
    ]
    if session:
        parts.append(session)
    if actor.may(Permission.REDUCE):
        first = "/buy RELIANCE 10" if actor.may(Permission.OPEN) else "/positions"
        parts.append(say("Nothing is sent without your tap on Confirm. Try ", code(first), ", or see /help."))
    else:
        parts.append(say("Nothing can be sent from your phone. Try ", code("/positions"), ", or see /help."))
    return message(*parts).with_keyboard(*_menu_rows(account))


def menu(actor: Actor, mode: str) -> View:
    """The usual things as buttons."""
    label = actor.account.label if actor.account is not None else "no account"
    return message(say(bold("Menu"), f" · {label} · {mode}")).with_keyboard(*_menu_rows(actor.account))


def _menu_rows(account: Account | None) -> list[list[Button]]:
    """The buttons stay with the account that the message names, whichever is in use when they are tapped."""
    if account is None:
        return [[words("Accounts", "/accounts"), words("Help", "/help")]]

    def of(text: str, command: str) -> Button:
        return words(text, command, account=account.label)

    return [
        [of("Positions", "/positions"), of("Orders", "/orders"), of("P&L", "/pnl")],
        [of("Funds", "/funds"), of("Holdings", "/holdings"), of("Trades", "/trades")],
        [of("Log in", "/login"), words("Status", "/status"), words("Help", "/help")],
    ]


def help_all(commands: Sequence[HelpEntry], mode: str) -> View:
    """What a person types most, and a button for each kind of command that the reader's role has."""
    return message(
        say(bold("Commands"), f" · {mode}"),
        say(
            "An order: ",
            code("/buy RELIANCE 10"),
            ", ",
            code("b reliance 10 2900"),
            ", ",
            code("becho infy 5"),
            ", ",
            code("s itc half"),
            ".",
        ),
        say("A price: ", code("reliance"), ". Cancel: ", code("cancel 12"), ". A glance: ", code("?"), "."),
        say("Another account: ", code("papa: b reliance 10"), ". One command in full: ", code("/help buy"), "."),
    ).with_keyboard(*_families(commands))


def help_family(family: Sequence[HelpEntry], commands: Sequence[HelpEntry], mode: str) -> View:
    """The commands of one kind, a line each. The buttons lead to the other kinds."""
    lines = [_help_line(command) for command in family]
    return message(say(bold(str(family[0].family)), f" · {mode}"), *lines).with_keyboard(*_families(commands))


def _families(commands: Sequence[HelpEntry]) -> list[list[Button]]:
    names = list(dict.fromkeys(str(command.family) for command in commands))
    buttons = [words(name, f"/help {name.lower()}", stays=True) for name in names]
    return [buttons[at : at + 3] for at in range(0, len(buttons), 3)]


def _help_line(command: HelpEntry) -> Line:
    short = [word for word in command.short if len(word) == 1 and word.isascii() and word != command.name]
    also = f" ({', '.join(short)})" if short else ""
    return say(_typed(command), f"{also}: {command.help}")


def _typed(command: HelpEntry) -> str:
    return f"/{command.name}" if command.name.isidentifier() else command.name


def help_one(command: HelpEntry, mode: str) -> View:
    """One command with its arguments, its other names and an example."""
    parts: list[Part | str] = [
        say(bold(_typed(command)), f" · {command.help} · {mode}"),
        say(code(f"{_typed(command)} {command.arguments}".strip())),
        say("Example: ", code(command.example)),
    ]
    if command.short:
        parts.append("Also: " + ", ".join(command.short))
    if command.name in ("buy", "sell"):
        parts += _order_words()
    return message(*parts)


def _order_words() -> list[Part | str]:
    return [
        "Side, quantity and symbol in any order; Hindi too.",
        _samples("Quantity", "10", "2lots", "10k", "1L", "₹25000", "50000/-", "all", "half"),
        _samples("A limit", "2900", "@2900", "at rs 2900"),
        "Without a price, or with cmp, it is a market order with a worst price.",
        _samples("A true market order", "mkt"),
        _samples("The order itself a stop", "stop 2880", "stop 2880/2875"),
        _samples("Contracts", "nifty 24500 ce", "nifty 24500ce 23nov", "banknifty dec fut"),
        _samples("Product", "cnc", "mis", "nrml", "mtf"),
        _samples("Exchange", "nse", "bse"),
    ]


def _samples(title: str, *typed: str) -> Line:
    spans = [item for word in typed for item in (", ", code(word))][1:]
    return say(f"{title}: ", *spans)


def not_understood(near: Sequence[HelpEntry], *, is_near: bool = False) -> View:
    """Words that are no command, with the nearest commands as buttons. is_near: that is what such words mean."""
    first = f"Tap what you mean: {', '.join(command.help.lower() for command in near)}." if is_near and near else ""
    parts: list[Part | str] = [say(bold(first or "I don't understand that."), " Nothing was done.")]
    guesses = [button(f"/{command.name}", WordsTap(f"/{command.name}")) for command in near[:3]]
    return message(*parts).with_keyboard(guesses or [words("Menu", "/menu"), words("Help", "/help")])


def not_by_words() -> View:
    """A word that agrees: every act has a button of its own, so that no stray word sends anything."""
    return message(say(bold("Words confirm nothing."), " Tap the button on the card you mean. Nothing was done."))


def offered(typed_at: datetime) -> View:
    """Typed while the bot was away: nothing was done with it, unless the person says so now."""
    day = ist(typed_at)
    return message(
        say(bold(f"Typed {short_time(typed_at)} on {day.day} {day:%b}."), " I was away, so nothing was done with it."),
    ).with_keyboard([button("Do it now", DoItNowTap())])


def words_gone() -> View:
    """The words behind an offer were deleted."""
    return message(say(bold("That message is gone."), " Nothing was done; type it again."))
