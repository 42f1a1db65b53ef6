"""Words find their command, with or without a slash, and the table is whole."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.people.account import Role
from handlers.registry import COMMANDS, parse_command


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("/buy RELIANCE 10", "buy", "RELIANCE 10"),
        ("/b reliance 10", "buy", "reliance 10"),
        ("b reliance 10 2900", "buy", "reliance 10 2900"),
        ("buy 10 reliance", "buy", "10 reliance"),
        ("B   reliance\n10", "buy", "reliance 10"),
        ("kharido reliance 10", "buy", "reliance 10"),
        ("10 reliance kharido", "buy", "10 reliance"),
        ("reliance 10 becho", "sell", "reliance 10"),
        ("becho infy 5", "sell", "infy 5"),
        ("बेचो infy 5", "sell", "infy 5"),
        ("/sell@our_bot infy 5", "sell", "infy 5"),
        ("cancel 12", "cancel_order", "12"),
        ("/cancel #12", "cancel_order", "#12"),
        ("cancel order 12", "cancel_order", "12"),
        ("/cancel_order 12", "cancel_order", "12"),
        ("/cancel_order@our_bot 12", "cancel_order", "12"),
        ("cancel all", "cancel_all", ""),
        ("/cancel_all", "cancel_all", ""),
        ("/cancel", "cancel", ""),
        ("modify 12 2905", "modify", "12 2905"),
        ("?", "?", ""),
        ("p", "positions", ""),
        ("/h", "holdings", ""),
        ("f", "funds", ""),
        ("q nifty 24500 ce", "quote", "nifty 24500 ce"),
        ("kill", "kill", ""),
        ("bech do infy 5", "sell", "do infy 5"),
        ("infy all becho", "sell", "infy all"),
        ("itc becho", "sell", "itc"),
        ("itc nikalo", "exit", "itc"),
        ("nifty 24500 ce nikal do", "exit", "nifty 24500 ce"),
        ("आईटीसी निकाल दो", "exit", "आईटीसी"),
        ("stop reliance 1450", "sl", "reliance 1450"),
        ("stop loss nifty 24500 ce 20pts", "sl", "nifty 24500 ce 20pts"),
        ("stop 1450 reliance 10 becho", "sell", "stop 1450 reliance 10"),
        ("आईटीसी बेचो", "sell", "आईटीसी"),
        ("आईटीसी बेच दो", "sell", "आईटीसी do"),
        ("bhav infy", "quote", "infy"),
        ("infy ka bhav?", "quote", "infy"),
        ("balance", "funds", ""),
        ("kill!", "kill", ""),
        ("KILL!!! 😱😱", "kill", ""),
        ("/panic!", "panic", ""),
        ("⚠️ exit all!!", "exit", "all"),
        ("exit nifty…", "exit", "nifty"),
        ("cancel all!!", "cancel_all", ""),
        ("cancel 12!", "cancel_order", "12"),
        ("p?", "positions", ""),
        ("balance ?", "funds", ""),
        ("??", "?", ""),
        ("buy itc 1️⃣0️⃣", "buy", "itc 1️⃣0️⃣"),
    ],
)
def test_a_text_finds_its_command(text: str, name: str, words: str) -> None:
    spoken = parse_command(text)
    assert spoken is not None
    assert (spoken.command.name, spoken.words, spoken.label) == (name, words, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("b reliance 10\ns infy 5", "buy reliance 10; sell infy 5"),
        ("b reliance 10; 5 infy becho", "buy reliance 10; sell 5 infy"),
        ("basket\nb reliance 10", "buy reliance 10"),
        ("/basket b reliance 10\n\ns infy 5\n", "buy reliance 10; sell infy 5"),
        ("b reliance 10\ns infy 5\nthanks", "buy reliance 10; sell infy 5; thanks"),
        ("/basket", ""),
    ],
)
def test_several_orders_are_a_basket(text: str, words: str) -> None:
    spoken = parse_command(text)
    assert spoken is not None
    assert (spoken.command.name, spoken.words) == ("basket", words)


def test_a_basket_goes_to_the_account_that_leads_it() -> None:
    spoken = parse_command("papa: b reliance 10\ns infy 5")
    assert spoken is not None
    assert (spoken.label, spoken.command.name, spoken.words) == ("papa", "basket", "buy reliance 10; sell infy 5")


@pytest.mark.parametrize("text", ["b reliance\n10", "10 reliance\nkharido", "positions\norders", "b reliance 10\nthanks"])
def test_one_order_over_several_lines_is_no_basket(text: str) -> None:
    spoken = parse_command(text)
    assert spoken is not None
    assert spoken.command.name != "basket"


def test_a_label_in_front_addresses_an_account() -> None:
    spoken = parse_command("papa: b reliance 10")
    assert spoken is not None
    assert (spoken.label, spoken.command.name, spoken.words) == ("papa", "buy", "reliance 10")
    killed = parse_command("papa:/kill")
    assert killed is not None
    assert (killed.label, killed.command.name) == ("papa", "kill")


@pytest.mark.parametrize("text", ["hello", "/buyy reliance 10", "reliance 10", "10 kharido becho", "", "   ", "/", "papa:"])
def test_what_is_no_command_finds_none(text: str) -> None:
    assert parse_command(text) is None


@given(st.text(max_size=100))
def test_no_text_crashes_the_search_for_a_command(text: str) -> None:
    parse_command(text)


def test_the_table_is_whole_and_fits_telegram() -> None:
    words = [word for command in COMMANDS for word in (command.name, *command.short)]
    assert len(words) == len(set(words)), "a word means one command"
    for command in COMMANDS:
        if command.in_menu:
            assert re.fullmatch(r"[a-z0-9_]{1,32}", command.name)
        assert 0 < len(command.help) <= 256
        spoken = parse_command(command.example)
        assert spoken is not None
        assert spoken.command is command, "its own example must reach it"


def test_each_role_is_offered_what_it_may_use() -> None:
    names = {role: {command.name for command in COMMANDS if command.is_for(role)} for role in Role}
    assert names[Role.OWNER] == {command.name for command in COMMANDS}
    assert "buy" not in names[Role.VIEWER]
    assert "kill" not in names[Role.VIEWER]
    assert {"kill", "cancel_order"} <= names[Role.GUARDIAN]
    assert {"buy", "sell"} <= names[Role.GUARDIAN], "a guardian buys a short back; the desk lets nothing else through"
    assert "modify" not in names[Role.GUARDIAN]
    assert "resume" not in names[Role.TRADER]
    assert names[Role.VIEWER] < names[Role.GUARDIAN] < names[Role.OWNER]
