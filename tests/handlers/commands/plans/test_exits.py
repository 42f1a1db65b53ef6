"""/exit and /panic by chat: cards of thirty columns, one tap that closes, and what is told of it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.people.account import Role
from bot.domain.positions.portfolio import Holding
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from handlers.registry import parse_command
from tests.handlers.chat import Stage, a_stage, later
from tests.handlers.samples import SHORT_CALL, a_position
from tests.stage.brokers.broker import TrueOrder
from tests.stage.values.market import a_share, an_option

COVER = a_position(instrument=an_option(strike="24800"), product=Product.NRML, quantity=65, average=Decimal("80.00"))
SHARES = a_position(product=Product.MIS, quantity=10)


def in_demat(symbol: str, quantity: int) -> Holding:
    return Holding(
        instrument=a_share(symbol), isin="INE154A01025", quantity=quantity, t1=0, authorised=0, collateral=0,
        average=Decimal("400.00"), last=Decimal("410.00"), previous_close=Decimal("405.00"),
    )  # fmt: skip


def opened(stage: Stage, *positions: object) -> None:
    stage.broker.held = list(positions)  # type: ignore[arg-type] # each is a position


async def test_a_list_is_asked_by_name_and_sent_by_one_tap_in_leg_order(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        opened(stage, SHARES, COVER, SHORT_CALL)
        card = await stage.me.ask("exit all", "EXIT 3 positions")
        rows = card["text"].split("P&L of these")[0].splitlines()
        assert all(len(line) <= 30 for line in rows), rows
        assert "1 BUY 65 NF 24500CE 23Nov" in card["text"]
        assert "after 1 is filled" in card["text"]
        stage.me.press("Confirm 3 exits", card)
        shown = await stage.me.wait_for("0 of 3 closed")
        await later(1)
        assert stage.broker.posts == 2, "the cover waits for the fill of the short"
        assert "waits for the fill of what it covers (1)" in shown["text"]
        stage.me.press("Stop here", shown)
        await stage.me.wait_for("left as it is")
        assert stage.broker.posts == 2


@pytest.mark.parametrize("words", ["sq off itc", "nikal do itc", "/exit itc", "close itc", "निकालो आईटीसी"])
def test_each_way_of_saying_it_is_the_command(words: str) -> None:
    parsed = parse_command(words)
    assert parsed is not None
    assert parsed.command.name == "exit"


@pytest.mark.parametrize("words", ["sq off reliance", "nikal do reliance", "/exit reliance mis 10"])
async def test_one_position_gets_its_own_card(words: str, clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        opened(stage, SHARES)
        card = await stage.me.ask(words, "SELL 10 RELIANCE")
        assert "Confirm sell" in str(card["buttons"])


@pytest.mark.parametrize(
    "words",
    [
        "exit all now", "exit everything now", "close all positions", "exit all positions please", "exit my positions",
        "sab nikalo", "nikalo sab abhi", "सब निकालो", "sq off everything",
    ],
)  # fmt: skip
async def test_words_that_carry_nothing_stand_in_no_ones_way_out(words: str, clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        opened(stage, SHARES, SHORT_CALL)
        await stage.me.ask(words, "EXIT 2 positions")
        assert stage.broker.posts == 0


async def test_a_way_out_of_one_is_named_among_words_that_carry_nothing(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        opened(stage, SHARES, SHORT_CALL)
        await stage.me.ask("exit my reliance position now", "SELL 10 RELIANCE")
        listed = await stage.me.ask("exit now please", "POSITIONS")
        assert "Exit +10 RELIANCE MIS" in str(listed["buttons"])


async def test_a_size_may_lead_and_alone_it_is_of_each(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        opened(stage, replace(SHARES, quantity=20), replace(SHARES, quantity=30, instrument=a_share("ITC")))
        await stage.me.ask("exit half reliance", "SELL 10 RELIANCE")
        await stage.me.ask("half of my reliance nikalo", "SELL 10 RELIANCE")
        card = await stage.me.ask("exit half", "EXIT 2 positions")
        assert ("SELL 10 RELIANCE" in card["text"], "SELL 15 ITC" in card["text"]) == (True, True)
        asked = await stage.me.ask("exit 5", "Which of them?")
        assert len(asked["buttons"]) == 2
        assert stage.broker.posts == 0


@pytest.mark.parametrize(
    "words",
    [
        "sell everything", "sell all", "/sell all", "sab becho", "sab bech do", "सब बेचो", "सब बेच दो", "sab kuch bech do",
        "sell all my shares now", "मेरे सारे शेयर बेच दो", "s all",
    ],
)  # fmt: skip
async def test_a_sale_of_everything_is_a_question_whose_buttons_are_the_ways_out(words: str, clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        opened(stage, SHARES, SHORT_CALL)
        stage.broker.demat = [in_demat(each, 40) for each in ("TCS", "ITC")]
        asked = await stage.me.ask(words, "Sell what?")
        assert [line[0]["label"] for line in asked["buttons"]] == ["Exit all positions", "Sell the holdings", "Positions"]
        stage.me.press("Sell the holdings", asked)
        await stage.me.wait_for("EXIT 2 holdings")
        stage.me.press("Exit all positions", asked)
        await stage.me.wait_for("EXIT 2 positions")
        assert stage.broker.posts == 0


async def test_a_mistyped_name_offers_the_exit_of_each_position_the_likest_first(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        opened(stage, SHORT_CALL, SHARES)
        asked = await stage.me.ask("exit relaince", 'There is no open position that "relaince" names.')
        labels = [line[0]["label"] for line in asked["buttons"]]
        assert labels[0] == "Exit +10 RELIANCE MIS"
        assert len(labels) == 2
        stage.me.press(labels[0], asked)
        await stage.me.wait_for("SELL 10 RELIANCE")


async def test_exit_alone_offers_a_button_for_each_position(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        opened(stage, SHARES, SHORT_CALL)
        listed = await stage.me.ask("/exit", "POSITIONS")
        assert "Exit +10 RELIANCE MIS" in str(listed["buttons"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("/exit zzz", "There is no open position"),
        ("/exit reliance 11", "Only 10 of it are open, not 11"),
        ("/exit reliance 0", "is no part of a position"),
        ("/exit reliance 1,0", "is no part of a position"),
        ("/exit reliance put", 'There is no open position that "reliance put" names'),
    ],
)
async def test_what_is_not_open_is_said_and_nothing_is_asked(words: str, said: str, clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        opened(stage, SHARES)
        await stage.me.ask(words, said)
        assert stage.broker.posts == 0


async def test_a_panic_asks_once_blocks_entries_and_shows_itself_again(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        delivery = a_position(instrument=a_share("ITC"), product=Product.CNC, quantity=25)
        opened(stage, SHARES, delivery)
        card = await stage.me.ask("/panic", "PANIC")
        assert "Not touched: +25 ITC CNC, holdings." in card["text"]
        stage.me.press("Close these", card)
        await stage.me.wait_for("0 of 1 closed")
        assert stage.broker.posts == 1
        running = await stage.me.ask("/panic", "Closing main (PAPER)")
        assert "rests at" in running["text"]
        assert stage.broker.posts == 1
        await stage.me.ask("/buy RELIANCE 10", "Trading is stopped since")


async def test_a_discarded_list_sends_nothing_and_a_guardian_may_panic(clock: LoopClock) -> None:
    async with a_stage(clock, Role.GUARDIAN) as stage:
        opened(stage, SHARES, SHORT_CALL)
        card = await stage.me.ask("/exit all", "EXIT 2 positions")
        stage.me.press("Discard", card)
        await stage.me.wait_for("Discarded. Nothing was sent.")
        card = await stage.me.ask("/panic", "PANIC")
        stage.me.press("Close these", card)
        await stage.me.wait_for("0 of 2 closed")
        assert stage.broker.posts == 2


@pytest.mark.parametrize(
    "words",
    [
        "exit holdings", "sell holdings", "/sell all holdings", "sab holdings becho", "holdings bech do", "nikal do holdings",
        "मेरी होल्डिंग बेचो", "half of my holdings nikal do",
    ],
)  # fmt: skip
async def test_each_way_of_naming_the_holdings_asks_about_all_of_them_and_sends_nothing(words: str, clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        stage.broker.demat = [in_demat(each, 40) for each in ("RELIANCE", "ITC")]
        card = await stage.me.ask(words, "EXIT 2 holdings")
        assert (" 20 ITC" if "half" in words else " 40 ITC") in card["text"]
        assert all(len(line) <= 30 for line in card["text"].split("P&L of these")[0].splitlines())
        assert "1 RELIANCE, 2 ITC: mStock may need your CDSL TPIN today" in card["text"], "a word that is of both stands once"
        assert stage.broker.posts == 0


@pytest.mark.parametrize("words", ["holdings", "/holdings", "h", "sell itc 10", "itc all becho"])
def test_what_does_not_sell_the_holdings_stays_what_it_was(words: str) -> None:
    parsed = parse_command(words)
    assert parsed is not None
    assert parsed.command.name in ("holdings", "sell")


async def test_a_list_names_the_stops_of_the_app_that_it_changes(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        opened(stage, SHARES, replace(SHARES, instrument=a_share("ITC")))
        stop = OrderDraft(
            instrument=SHARES.instrument, side=Side.SELL, quantity=10, kind=OrderKind.SL, product=Product.MIS,
            trigger=Decimal("1450.00"), price=Decimal("1440.00"),
        )  # fmt: skip
        stage.broker.true.append(TrueOrder("2151261120100", "", stop, status=OrderStatus.TRIGGER_PENDING, at=clock.now()))
        await stage.me.ask("/orders", "ORDERS")
        card = await stage.me.ask("exit all", "EXIT 2 positions")
        assert "(not mine)" in card["text"].split("Stops become these exits")[1]
