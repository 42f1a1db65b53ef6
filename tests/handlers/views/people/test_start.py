"""Greeting, help and menu read the one table."""

from dataclasses import replace

import pytest

from bot.domain.people.account import Actor, Role, User
from handlers.registry import COMMANDS
from handlers.views.people import start as views
from handlers.views.taps.tap import decode
from handlers.views.taps.taps import DoItNowTap, WordsTap
from tests.handlers.samples import ASHA, MAIN, NOW

OWNER = Actor(user=User(telegram_id=ASHA, name="Asha <b>"), role=Role.OWNER, account=MAIN)


def test_the_greeting_names_role_account_and_mode() -> None:
    text = views.greeting(OWNER, "PAPER", "🟢 Logged in until 00:00.").plain
    for part in (
        "You are the owner here: everything is allowed.",
        "main (MA••••1) · PAPER",
        "🟢 Logged in",
        "/buy RELIANCE 10",
        "/help",
    ):
        assert part in text
    assert "No account is linked yet." in views.greeting(replace(OWNER, account=None), "PAPER", "").plain


@pytest.mark.parametrize("role", list(Role))
def test_help_leads_to_exactly_the_commands_of_the_role(role: Role) -> None:
    mine = [command for command in COMMANDS if command.is_for(role)]
    view = views.help_all(mine, "PAPER")
    buttons = [button for line in view.keyboard for button in line]
    assert [button.label for button in buttons] == list(dict.fromkeys(str(command.family) for command in mine))
    assert len(view.plain.splitlines()) < 10
    pages = []
    for button in buttons:
        assert decode(button.data) == WordsTap(f"/help {button.label.lower()}", stays=True)
        family = [command for command in mine if command.family == button.label]
        pages.append(views.help_family(family, mine, "PAPER").plain)
    for command in COMMANDS:
        assert ("\n".join(pages).count(f"{command.help}") > 0) is command.is_for(role)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_command_is_explained_with_an_example(command: views.HelpEntry) -> None:
    text = views.help_one(command, "PAPER").plain
    assert command.help in text
    assert f"Example: {command.example}" in text
    assert command.arguments in text


def test_an_offer_says_when_it_was_typed() -> None:
    view = views.offered(NOW)
    assert view.plain == "Typed 14:02 on 20 Nov. I was away, so nothing was done with it."
    assert decode(view.keyboard[0][0].data) == DoItNowTap()


@pytest.mark.parametrize(
    ("role", "first"),
    [
        (Role.OWNER, "/buy RELIANCE 10"),
        (Role.TRADER, "/buy RELIANCE 10"),
        (Role.GUARDIAN, "/positions"),
        (Role.VIEWER, "/positions"),
    ],
)
def test_nobody_is_told_to_try_what_the_role_does_not_carry(role: Role, first: str) -> None:
    actor = Actor(user=User(telegram_id=1, name="Asha"), role=role, account=MAIN)
    text = views.greeting(actor, "PAPER", "").plain
    assert f"Try {first}" in text
    assert ("without your tap on Confirm" in text) == (role is not Role.VIEWER)
