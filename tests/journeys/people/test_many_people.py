"""Fifty people on five accounts, interleaved at random with faults: nobody's token, reply or prompt serves another (F38, I10)."""

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.domain.people.account import Account, Credentials, Role
from bot.domain.people.secret import Secret
from bot.domain.ports.repositories import Repositories
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock
from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.telegram.errors import PersonError
from storage.repos.account_marks import MARKS
from tests.stage.house import House, a_house

pytestmark = pytest.mark.exhaustive

LABELS = ("main", "papa", "mama", "dada", "nani")
PEOPLE = 50
STEP = 1000  # shares: an order's thousands name its account, the rest its person


def paper_account(number: int) -> PaperAccount:
    """A client with money enough, and keys of its own."""
    plain = PaperAccount()
    seed = plain.totp_seed or ""
    return replace(
        plain,
        client=f"MA{number:05d}",
        password=f"Paper@{number}",
        api_key=f"cGFwZXIta2V5LW51bWJlci0{number}YWJjPT0=",
        totp_seed="ABCDE"[number % 5] * 3 + seed[3:],
        cash=10**13,
        holdings=(),
    )


def quantity(account: int, person: int) -> int:
    return STEP * (account + 1) + person


@dataclass
class Crowd:
    """The house with its people. accounts_of: person -> the accounts that they trade on, the first being their own."""

    house: House
    people: list[ScriptedPerson]
    accounts_of: dict[int, list[int]]
    ids: list[str]  # account ids in the order of LABELS
    clients: list[str]  # clients at the broker, in the same order


@asynccontextmanager
async def a_crowd(clock: LoopClock, directory: Path) -> AsyncIterator[Crowd]:
    wanted = [paper_account(number) for number in range(len(LABELS))]
    async with a_house(clock, directory, account=wanted[0]) as house:
        assert house.store is not None
        for number, account in enumerate(wanted[1:], 1):
            house.near.paper.broker.open_account(account)
            await house.store.transaction(lambda db, number=number, account=account: link(db, clock, number, account))  # type: ignore[misc] # bound at once
        linked = await house.store.transaction(lambda db: db.accounts.all())
        ids = {account.label: account.id for account in linked}
        house.me.say("/start")
        await house.me.wait_for("owner")
        house.me.say("/login all")
        for _ in LABELS:
            await house.me.wait_for("lives until")
        people: list[ScriptedPerson] = []
        accounts_of: dict[int, list[int]] = {}
        for number in range(PEOPLE):
            mine = [number % 5, (number + 1) % 5] if number % 5 == 0 else [number % 5]
            for each in mine:
                await house.join(6000 + number, f"P{number}", Role.TRADER, ids[LABELS[each]])
            people.append(ScriptedPerson(house.near.chats, 6000 + number, name=f"P{number}", started=True))
            accounts_of[number] = mine
        yield Crowd(house, people, accounts_of, [ids[label] for label in LABELS], [account.client for account in wanted])


def link(db: Repositories, clock: LoopClock, number: int, account: PaperAccount) -> None:
    credentials = Credentials(
        client_code=Secret(account.client),
        password=Secret(account.password),
        api_key=Secret(account.api_key),
        totp_seed=Secret(account.totp_seed or ""),
    )
    linked = Account(id=f"id-{number}", label=LABELS[number], client=f"MA••••{number}", created_at=clock.now())
    db.accounts.add(linked, credentials)


async def trade(crowd: Crowd, number: int, chance: random.Random) -> None:
    """One person's morning: an order on each of the own accounts, looks in between, a cancel here and there."""
    me = crowd.people[number]
    for account in crowd.accounts_of[number]:
        await asyncio.sleep(chance.uniform(0, 20))
        shares = quantity(account, number)
        try:
            card = await me.ask(f"{LABELS[account]}: b itc {shares} @380", f"BUY {shares:,} ITC", 120)
        except PersonError:  # Telegram lost the card: nothing can be confirmed
            continue
        await asyncio.sleep(chance.uniform(0, 8))
        for _ in range(chance.choice((1, 1, 2, 3))):
            me.press("Confirm buy", card)
        await asyncio.sleep(chance.uniform(0, 5))
        me.say(f"{LABELS[account]}: {chance.choice(('orders', 'positions', 'funds', '?', 'cancel all'))}")


async def mischief(house: House, chance: random.Random, seconds: float) -> None:
    """Arms a fault of the broker or of Telegram now and then."""
    until = house.clock.now().timestamp() + seconds
    faults = house.near.paper.broker.faults
    while house.clock.now().timestamp() < until:
        await asyncio.sleep(chance.uniform(1, 6))
        match chance.randrange(4):
            case 0:
                faults.arm("answer_lost", route="place")
            case 1:
                faults.arm("book_late", seconds=chance.choice((2, 9)))
            case 2:
                house.near.chats.faults.add("server_error", chance.choice(("sendMessage", "editMessageText")), times=2)
            case _:
                house.near.chats.faults.add("flood", "sendMessage", times=1, seconds=2)


async def test_every_call_carries_the_token_of_the_orders_owner_and_nobody_sees_anothers_account(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_crowd(clock, tmp_path) as crowd:
        house, chance = crowd.house, random.Random(38)
        async with asyncio.TaskGroup() as group:
            group.create_task(mischief(house, chance, 60))
            for number in range(PEOPLE):
                group.create_task(trade(crowd, number, random.Random(number)))
        await asyncio.sleep(240)  # past the look-out for orders whose answers were lost
        assert house.store is not None
        placed = list(house.near.paper.broker.ledger.orders.values())
        assert len(placed) > PEOPLE // 2, "most of them got through all that"
        by_tag = await house.store.transaction(lambda db: stored(db, crowd))
        assert set(house.near.chats.faults.met) == {"flood", "server_error"}, "and there was trouble on the way"
        assert len({order.tag for order in placed}) == len(placed), "and each once"
        assert any(order.status == "Cancelled" for order in placed), "some were cancelled on the way"
        for order in placed:
            # The exchange books an order under the client of the token that came with it.
            account, person = by_tag[order.tag]
            assert order.client == crowd.clients[account]
            assert order.quantity == quantity(account, person)
            assert account in crowd.accounts_of[person]
        for number, me in enumerate(crowd.people):
            texts = "\n".join(each["text"] for each in me.history() if each["from_bot"])
            seen = {int(shares.replace(",", "")) // STEP - 1 for shares in re.findall(r"BUY (?:[\d,]+/)?([\d,]+) ITC", texts)}
            assert seen <= set(crowd.accounts_of[number]), (number, seen)
            marks = {MARKS[account] for account in crowd.accounts_of[number]}
            assert {sign for sign in MARKS if sign in texts} == marks, "each account's own mark leads its cards"


def stored(db: Repositories, crowd: Crowd) -> dict[str, tuple[int, int]]:
    """tag -> (account, person) of every order in our own records."""
    found: dict[str, tuple[int, int]] = {}
    for account, account_id in enumerate(crowd.ids):
        for order in db.orders.of_day(account_id, crowd.house.clock.now().date()):
            assert order.tag is not None
            assert order.placed_by is not None
            found[order.tag] = (account, order.placed_by - 6000)
            cancelled = order.cancelled_by
            assert cancelled is None or account in crowd.accounts_of[cancelled - 6000], "nobody cancels on another's account"
    return found
