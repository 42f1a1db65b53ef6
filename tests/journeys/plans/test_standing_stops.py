"""Stops that live over days: kept from the card of a stop, and placed each morning under one Confirm."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.clock import at_ist, ist_date
from bot.domain.orders.order import OrderStatus
from bot.domain.people.account import Role
from bot.domain.terms import Side
from bot.simulators.broker.settings import PaperAccount, PaperHolding
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.simulators.telegram.chat.messages import Json
from bot.trading.standing.by_themselves import StopsByThemselves
from tests.journeys.days.test_day_summaries import away_until, on_the_exchanges_calendar
from tests.journeys.plans.test_plans import price
from tests.stage.house import House, a_house

CALL = "NIFTY26NOV24500CE"


async def keep(house: House) -> None:
    """Holds 65 with a stop that is kept every day."""
    await house.log_in()
    price(house, "100.00", CALL, "NFO")
    card = await house.me.ask("/buy nifty 24500 ce 65 nrml", "BUY 65 NIFTY 24500 CE")
    house.me.press("Confirm buy", card)
    await house.me.wait_for("Filled")
    card = await house.me.ask("/sell nifty 24500 ce 65 stop 80/70 nrml", "SELL 65 NIFTY 24500 CE")
    house.me.press("Confirm sell", card)
    stop = await house.me.wait_for("waiting for 80.00", 30)
    house.me.press("Keep every day", stop)
    await house.me.wait_for("Kept every day until", 30)


def tomorrow(house: House, loop: VirtualLoop, opens_at: str | None = "100.00") -> None:
    """The next day, a minute before the open. Without a price it is not traded yet."""
    now = house.clock.now()
    loop.shift((at_ist(ist_date(now) + timedelta(days=1), 9, 14) - now).total_seconds())
    if opens_at is not None:
        price(house, opens_at, CALL, "NFO")


@pytest.mark.core
async def test_a_stop_that_is_kept_is_asked_for_each_morning_and_placed_by_one_confirm(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await keep(house)
        tomorrow(house, loop)
        await house.me.ask("/login", "lives until")
        due = await house.me.wait_for("1 stop to place today", 180)
        placed = house.placed
        house.me.press("Place today's stops (1)", due)
        card = await house.me.wait_for("STOPS 1 order", 30)
        assert card["id"] == due["id"], "the ring itself becomes the card"
        assert "sells to 70.00" in " ".join(card["text"].split())
        assert house.placed == placed, "nothing is sent before the Confirm"
        house.me.press("Confirm 1 stop", card)
        await house.me.wait_for("Stop placed", 60)
        guards = [(each.status, each.draft.quantity) for each in await house.orders() if each.draft.side is Side.SELL]
        assert guards == [(OrderStatus.TRIGGER_PENDING, 65)]
        await house.me.ask("/stops", "STOPS")
        await house.me.choose("Delete 1", "None. A stop that waits can be kept")


async def test_a_morning_that_opens_beyond_the_stop_offers_the_exit_and_places_nothing(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await keep(house)
        tomorrow(house, loop, "75.00")
        await house.me.ask("/login", "lives until")
        due = await house.me.wait_for("opened beyond your stop 80.00", 180)
        button = due["buttons"][0][0]["label"]
        assert button.startswith("Exit now")
        card = await house.me.choose(button, "SELL 65 NIFTY 24500 CE", 30)
        house.me.press("Confirm sell", card)
        await house.me.wait_for("Booked", 30)


async def test_a_price_that_may_be_yesterdays_is_no_reason_to_call_a_stop_passed_nor_to_place_it_unasked(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await keep(house)
        await by_themselves(house)
        price(house, "75.00", CALL, "NFO")
        house.near.paper.broker.faults.arm("socket_mute", times=None)  # a quote tells a price, and not of which day it is
        tomorrow(house, loop, None)
        await house.me.ask("/login", "lives until")
        due = await house.me.wait_for("1 stop to place today", 180)
        assert "No trade of today seen yet: NF 24500CE" in due["text"]
        assert await guards(house) == [], "nothing goes by itself at a price that nobody knows"
        house.me.press("Place today's stops (1)", due)
        card = await house.me.wait_for("STOPS 1 order", 30)
        assert "No trade of today seen yet" in card["text"]
        house.near.paper.broker.faults.clear()
        over = await house.me.wait_for("STOPS · expired", 120)  # meanwhile the feed is made anew
        price(house, "79.00", CALL, "NFO")
        house.me.press("Place today's stops", over)
        await house.me.wait_for("its price is beyond the stop", 30)


async def test_a_morning_without_a_session_says_that_no_stop_is_placed(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await keep(house)
        await house.me.ask("/logout", "out")
        tomorrow(house, loop)
        due = await house.me.wait_for("1 stop not placed: no session", 180)
        await house.me.ask("/login", "lives until")
        house.me.press("Place today's stops", due)
        await house.me.wait_for("STOPS 1 order", 30)
        over = await house.me.wait_for("STOPS · expired", 120)
        assert over["id"] == due["id"]
        house.me.press("Place today's stops", over)
        card = await house.me.wait_for("STOPS 1 order", 30)
        house.me.press("Confirm 1 stop", card)
        await house.me.wait_for("Stop placed", 60)


async def by_themselves(house: House) -> None:
    """The owner sets it, asked again in words."""
    await house.me.ask("/stops by itself on", "Place standing stops by themselves?")
    await house.me.choose("Yes, place them by themselves", "they are placed by themselves")


async def guards(house: House) -> list[tuple[OrderStatus, int, Decimal | None, Decimal | None]]:
    sold = [each for each in await house.orders() if each.draft.side is Side.SELL]
    return [(each.status, each.draft.quantity, each.draft.trigger, each.draft.price) for each in sold]


async def reply(house: House, to: Json, words: str, wanted: str) -> Json:
    house.me.say(words, reply_to=to["id"])
    return await house.me.wait_for(wanted, 30)


WAITS = (OrderStatus.TRIGGER_PENDING, 65, Decimal("80.00"), Decimal("70.00"))


async def test_an_owner_lets_stops_place_themselves_from_the_next_morning_on(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await keep(house)
        await by_themselves(house)
        tomorrow(house, loop)
        await house.me.ask("/login", "lives until")
        due = await house.me.wait_for("Placing 1 stop by themselves", 180)
        assert not due["buttons"]
        await house.me.wait_for("Stop placed", 60)
        assert await guards(house) == [WAITS]
        await house.me.ask("/stops", "Each morning at 09:15:05 they are placed by themselves.")
        await house.me.ask("/stops by itself off", "Each morning I ask")


async def test_what_opened_beyond_its_stop_is_not_placed_by_itself_and_nothing_is_without_a_session(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await keep(house)
        await by_themselves(house)
        tomorrow(house, loop, "75.00")
        await house.me.ask("/login", "lives until")
        due = await house.me.wait_for("opened beyond your stop 80.00", 180)
        assert due["buttons"][0][0]["label"].startswith("Exit now")
        assert await guards(house) == []
        await house.me.ask("/logout", "out")
        tomorrow(house, loop)
        await house.me.wait_for("1 stop not placed: no session", 180)
        assert await guards(house) == []


async def test_a_morning_that_is_cut_off_and_repeated_places_a_stop_once(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await keep(house)
        await by_themselves(house)
        tomorrow(house, loop)
        await house.me.ask("/login", "lives until")
        assert house.app is not None
        stops = house.app.core.services.standing
        account = (await house.app.store.transaction(lambda db: db.accounts.all()))[0]
        morning, before = await stops.morning(account.id), house.placed
        own_way, today = StopsByThemselves(stops=stops), ist_date(clock.now())
        for _ in range(2):
            assert await own_way.place(account.id, morning, today) == {stop.id for stop, _ in morning.to_place}
        await house.restart()
        loop.shift(120)
        await house.me.wait_for("Stop placed", 60)
        assert house.placed == before + 1
        assert await guards(house) == [WAITS]


async def test_only_an_owner_lets_stops_place_themselves(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await keep(house)
        assert house.store is not None
        account = (await house.store.transaction(lambda db: db.accounts.all()))[0]
        trader = await house.join(77, "Ravi", Role.TRADER, account.id)
        for words in ("/stops by itself on", "/stops by itself on now"):
            await trader.ask(words, "you may not")
        await house.me.ask("/stops", "nothing is placed without your Confirm")


async def test_stops_of_somebody_who_lost_the_role_are_asked_for(clock: LoopClock, loop: VirtualLoop, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await keep(house)
        await by_themselves(house)
        assert house.store is not None
        account = (await house.store.transaction(lambda db: db.accounts.all()))[0]
        [stop] = await house.store.transaction(lambda db: db.standing_stops.of(account.id))
        stranger = replace(stop, by=999)
        await house.store.transaction(lambda db: db.standing_stops.save(stranger, was=stop.state))
        tomorrow(house, loop)
        await house.me.ask("/login", "lives until")
        await house.me.wait_for("1 stop to place today", 180)
        assert await guards(house) == []


async def test_a_stop_is_placed_and_kept_until_a_day_by_one_reply_and_one_confirm(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "100.00", CALL, "NFO")
        card = await house.me.ask("/buy nifty 24500 ce 65 nrml sl 90", "BUY 65 NIFTY 24500 CE")
        await reply(house, card, "sl 80/70 until 23 nov", "A stop over days is for a position")
        card = await house.me.ask("/buy nifty 24500 ce 65 nrml", "BUY 65 NIFTY 24500 CE")
        house.me.press("Confirm buy", card)
        filled = await house.me.wait_for("Filled")
        assert [each["label"] for each in filled["buttons"][0]] == ["Set stop", "Exit", "Add"]
        again = await reply(house, filled, "sl 80/70 until 31 dec", "It can stand from today until")
        assert not again["buttons"]
        asked = await reply(house, filled, "sl 80/70 until 23 nov", "STOPS 1 order")
        assert "to 23 Nov" in asked["text"]
        await house.me.ask("/stops", "None.")
        house.me.press("Confirm 1 stop", asked)
        await house.me.wait_for("Stop placed", 60)
        assert await guards(house) == [WAITS]
        await house.me.ask("/stops", "to 23 Nov")
        await reply(house, filled, "sl 80/70 until 23 nov", "guards this position already")
        tomorrow(house, loop)
        await house.me.ask("/login", "lives until")
        await house.me.wait_for("1 stop to place today", 180)


async def test_a_fill_on_the_open_side_adds_the_same_order_once_more(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "100.00", CALL, "NFO")
        card = await house.me.ask("/buy nifty 24500 ce 65 nrml", "BUY 65 NIFTY 24500 CE")
        house.me.press("Confirm buy", card)
        filled = await house.me.wait_for("Filled")
        house.me.press("Add", filled)
        card = await house.me.wait_for("BUY 65 NIFTY 24500 CE", 30)
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Position +130", 30)


async def test_a_stop_until_a_day_is_kept_while_the_market_is_closed_and_asked_for_the_next_morning(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    friday, monday = date(2026, 11, 20), date(2026, 11, 23)
    async with a_house(LoopClock(loop, at_ist(friday, 15)), tmp_path) as house:
        await house.log_in()
        price(house, "100.00", CALL, "NFO")
        card = await house.me.ask("/buy nifty 24500 ce 65 nrml", "BUY 65 NIFTY 24500 CE")
        house.me.press("Confirm buy", card)
        filled = await house.me.wait_for("Filled")
        await away_until(house, at_ist(friday, 18))
        await on_the_exchanges_calendar(house)
        asked = await reply(house, filled, "sl 80/70 until 23 nov", "Nothing is sent now")
        assert "to 23 Nov" in asked["text"]
        assert [item["label"] for item in asked["buttons"][0]] == ["Keep 1 stop"]
        placed = house.placed
        house.me.press("Keep 1 stop", asked)
        await house.me.wait_for("Kept every day until 23 Nov 2026. Each morning I ask")
        await away_until(house, at_ist(monday, 9, 14))
        price(house, "100.00", CALL, "NFO")
        await house.me.ask("/login", "lives until")
        due = await house.me.wait_for("1 stop to place today", 180)
        assert house.placed == placed, "nothing is sent before the morning's Confirm"
        house.me.press("Place today's stops (1)", due)
        card = await house.me.wait_for("STOPS 1 order", 30)
        house.me.press("Confirm 1 stop", card)
        await house.me.wait_for("Stop placed", 60)
        assert await guards(house) == [WAITS]


async def test_delivered_shares_get_a_stop_by_their_name_and_one_over_days_in_a_closed_market(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    friday, monday = date(2026, 11, 20), date(2026, 11, 23)
    demat = (PaperHolding(symbol="ITC", quantity=100, average=39815, authorised=100),)
    async with a_house(LoopClock(loop, at_ist(friday, 15)), tmp_path, account=PaperAccount(holdings=demat)) as house:
        await house.log_in()
        price(house, "412.00", "ITC-EQ")
        await asyncio.sleep(2)
        today = await house.me.ask("/sl itc 380", "SELL 100 ITC")
        assert "Delivery (CNC)" in today["text"]
        house.me.press("Discard", today)
        await away_until(house, at_ist(friday, 18))
        await on_the_exchanges_calendar(house)
        asked = await house.me.ask("/sl itc 380/375 until 31 dec", "Nothing is sent now")
        house.me.press("Keep 1 stop", asked)
        await house.me.wait_for("Kept every day until 31 Dec 2026")
        assert house.placed == 0
        await away_until(house, at_ist(monday, 9, 14))
        price(house, "411.00", "ITC-EQ")
        await house.me.ask("/login", "lives until")
        due = await house.me.wait_for("1 stop to place today", 180)
        house.me.press("Place today's stops (1)", due)
        house.me.press("Confirm 1 stop", await house.me.wait_for("STOPS 1 order", 30))
        await house.me.wait_for("Stop placed", 60)
        assert await guards(house) == [(OrderStatus.TRIGGER_PENDING, 100, Decimal("380.00"), Decimal("375.00"))]
