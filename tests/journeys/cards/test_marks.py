"""Whoever has two accounts sees on every card whose it is: its mark leads, and the other's stands nowhere."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.people.account import Account
from bot.simulators.loop import LoopClock
from bot.simulators.telegram.chat.messages import Json
from bot.simulators.telegram.errors import PersonError
from handlers.registry import COMMANDS
from handlers.views.taps.tap import decode, encode
from handlers.views.taps.taps import ListingTap, OrderTap, OrderVerb, WordsTap
from storage.repos.account_marks import MARKS
from tests.handlers.test_matrix import WORDS
from tests.stage.house import House, a_house

MAIN, PAPA = MARKS[0], MARKS[1]
# What is about a person, the bot or the market, and about no one account.
OF_NO_ACCOUNT = {
    "start", "help", "accounts", "use", "link", "quote", "search", "chain", "lock", "unlock", "pin", "status", "people", "audit",
    "settings",
}  # fmt: skip
ON_THE_WAY = (
    "b", "b itc", "s", "b itc 5 @380", "cancel_order", "modify 1", "modify 1 381", "order 1", "cancel 1", "b itc 6", "orders all",
    "limits loss 5000", "limits lock", "limits lock now", "b itc 1", "cancel all", "order 77", "report 2 jan", "nonsense 7",
)  # fmt: skip


async def two_accounts(house: House) -> None:
    """The account of the house, and papa beside it."""
    assert house.store is not None
    linked = (await house.store.transaction(lambda db: db.accounts.all()))[0]
    credentials = await house.store.transaction(lambda db: db.accounts.credentials(linked.id))
    assert credentials is not None
    papa = Account(id="papa-id", label="papa", client="MA••••9", created_at=house.clock.now())
    await house.store.transaction(lambda db: db.accounts.add(papa, credentials))
    await house.log_in()
    await asyncio.sleep(31)  # the same seed here, and a code counts once
    await house.me.ask("papa: /login", "lives until")


def first_line(message: Json) -> str:
    """The first line, or the first two of a question that was drawn as a table: its account stands in the second."""
    return "\n".join(str(message["text"]).split("\n")[: 2 if "\nDelivery" in message["text"] else 1])


@pytest.mark.core
async def test_the_mark_of_the_account_leads_every_card_and_answer_about_it(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await two_accounts(house)
        said = [each for each in WORDS if each.split()[0].removeprefix("/") not in OF_NO_ACCOUNT and each != "/login all"]
        assert len(said) > 20
        last = ["/logout", "/unlink papa"]
        seen = 0
        for words in (*ON_THE_WAY, *(each for each in said if each not in last), *last):
            known = {each["id"]: each["text"] for each in house.me.history()}
            house.me.say(f"papa: {words}")
            await asyncio.sleep(12)
            answers = [each for each in house.me.history() if each["from_bot"] and known.get(each["id"]) != each["text"]]
            assert answers, words
            answers += await tapped(house, answers)
            for answer in answers:
                seen += 1
                if answer["text"].startswith("I don't understand"):
                    continue
                assert MAIN not in answer["text"], (words, answer["text"])
                assert PAPA in first_line(answer), (words, answer["text"])
        assert seen > 45


async def tapped(house: House, answers: list[Json]) -> list[Json]:
    """What the buttons that only show something bring."""
    harmless = {OrderVerb.DETAIL, OrderVerb.MODIFY, OrderVerb.EXIT, OrderVerb.SAME}
    known = {each["id"]: each["text"] for each in house.me.history()}
    for answer in answers:
        for data in [item["data"] for row in answer["buttons"] for item in row if "data" in item]:
            tap = decode(data)
            if isinstance(tap, ListingTap) or (isinstance(tap, OrderTap) and tap.verb in harmless):
                assert tap.label == "papa", tap
                try:
                    house.me.press(encode(tap))
                except PersonError:  # redrawn meanwhile
                    continue
                await asyncio.sleep(3)
            elif isinstance(tap, WordsTap):
                command = tap.words.removeprefix("papa: ").split()[0].removeprefix("/")
                assert tap.words.startswith("papa: ") or command in OF_NO_ACCOUNT | {"menu"}, tap.words
    return [each for each in house.me.history() if each["from_bot"] and known.get(each["id"]) != each["text"]]


def test_what_is_left_out_is_a_command() -> None:
    assert {command.name for command in COMMANDS} > OF_NO_ACCOUNT
