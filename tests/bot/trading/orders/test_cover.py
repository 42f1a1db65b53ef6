"""A guardian makes things smaller and leaves no short bare.

Delivery is the owner's unless allowed.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import CheckFailed, ChoiceWanted, NotAllowed
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind, Right
from bot.domain.orders.order import Order, OrderDraft, OrderRequest
from bot.domain.orders.standing import Cancelled
from bot.domain.people.account import Role, User
from bot.domain.positions.portfolio import Position
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from bot.trading.orders.cover import covers, leaves_bare, uncovers
from tests.bot.trading.desk.asked import LIMIT, a_holding, a_position, ask
from tests.stage.access import access
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.orders import NIFTY_CALL
from tests.storage.samples import NOW, PERSON

LATER = date(2026, 12, 29)


def an_option(strike: int, right: Right = Right.CE, expiry: date = date(2026, 11, 23)) -> Instrument:
    return replace(
        NIFTY_CALL,
        token=f"{strike}{right}{expiry}",
        name=f"NIFTY{strike}{right}",
        strike=Decimal(strike),
        right=right,
        expiry=expiry,
    )


FUTURE = replace(
    NIFTY_CALL, token="f", name="NIFTY26NOVFUT", kind=InstrumentKind.INDEX_FUTURE, strike=None, right=None
)  # fmt: skip


def held(instrument: Instrument, lots: int) -> Position:
    return Position(
        instrument=instrument, product=Product.NRML, quantity=lots * 65, bought=max(lots, 0) * 65, sold=max(-lots, 0) * 65,
        bought_value=Decimal(0), sold_value=Decimal(0), average=Decimal(100),
    )  # fmt: skip


def closing(instrument: Instrument, lots: int) -> OrderDraft:
    """lots: signed, of the position that is made smaller."""
    side = Side.SELL if lots > 0 else Side.BUY
    return OrderDraft(
        instrument=instrument, side=side, quantity=abs(lots) * 65, kind=OrderKind.LIMIT, product=Product.NRML, price=Decimal(100)
    )


SHORT = an_option(24800)


@pytest.mark.parametrize(
    ("rows", "draft", "bare"),
    [
        ([held(SHORT, -1), held(an_option(24900), 1)], closing(an_option(24900), 1), True),  # the wing of a spread
        ([held(SHORT, -1), held(an_option(24900), 2)], closing(an_option(24900), 1), False),  # one wing is enough
        ([held(SHORT, -2), held(an_option(24900), 2)], closing(an_option(24900), 1), True),
        ([held(SHORT, -1), held(an_option(24900), 1)], closing(SHORT, -1), False),  # the short itself may go
        ([held(SHORT, -1), held(FUTURE, 1)], closing(FUTURE, 1), True),  # a covered call
        ([held(SHORT, -1), held(an_option(24000, Right.PE), 1)], closing(an_option(24000, Right.PE), 1), False),
        ([held(an_option(24000, Right.PE), -1), held(FUTURE, -1)], closing(FUTURE, -1), True),
        ([held(SHORT, -1), held(an_option(24900, expiry=LATER), 1)], closing(an_option(24900, expiry=LATER), 1), True),
        ([held(an_option(24800, expiry=LATER), -1), held(an_option(24900), 1)], closing(an_option(24900), 1), False),
        ([held(SHORT, -1)], closing(an_option(24900), 1), False),  # it was bare before
        ([held(an_option(24900), 1)], closing(an_option(24900), 1), False),
    ],
)  # fmt: skip
def test_taking_a_cover_away_is_seen(rows: list[Position], draft: OrderDraft, bare: bool) -> None:
    assert (uncovers(draft, rows) is not None) is bare


@pytest.mark.parametrize(
    ("cover", "short", "expected"),
    [
        (held(an_option(24900), 1), held(SHORT, -1), True),
        (held(an_option(24900), 1), held(SHORT, 1), False),
        (held(an_option(24900), 1), held(SHORT, 0), False),  # closed
        (held(an_option(24900), 1), held(FUTURE, -1), False),  # a short, and no option
        (held(an_option(24900), -1), held(SHORT, -1), False),
        (held(an_option(24900, expiry=LATER), 1), held(SHORT, -1), True),
        (held(an_option(24900), 1), held(an_option(24800, expiry=LATER), -1), False),  # it ends before the short
        (held(replace(an_option(24900), symbol="BANKNIFTY"), 1), held(SHORT, -1), False),
    ],
)
def test_only_what_gains_with_a_short_and_lives_as_long_covers_it(cover: Position, short: Position, expected: bool) -> None:
    assert covers(cover, short) is expected


@pytest.mark.parametrize(
    ("rows", "bare"),
    [
        ([], True),
        ([held(an_option(24900), 1)], False),
        ([held(an_option(24900), 1), held(SHORT, -1)], True),  # one wing for two
        ([held(an_option(24900), 2), held(SHORT, -1)], False),
        ([replace(held(SHORT, 1), product=Product.MIS)], False),  # the same contract in another product is netted with it
        ([held(SHORT, 1)], False),  # it is only sold
    ],
)
def test_a_sold_option_is_bare_where_its_kind_is_more_sold_than_covered(rows: list[Position], bare: bool) -> None:
    assert leaves_bare(closing(SHORT, 1), rows) is bare


lots = st.integers(-3, 3)
chains = st.lists(
    st.tuples(
        st.sampled_from([FUTURE, SHORT, an_option(24900), an_option(24900, expiry=LATER), an_option(24000, Right.PE)]), lots
    ),
    max_size=5,
    unique_by=lambda row: row[0].token,
)


@given(chains, st.data())
def test_buying_a_short_option_back_never_leaves_one_bare(rows: list[tuple[Instrument, int]], data: st.DataObject) -> None:
    book = [held(instrument, count) for instrument, count in rows]
    shorts = [(instrument, count) for instrument, count in rows if instrument.is_option and count < 0]
    if not shorts:
        return
    instrument, count = data.draw(st.sampled_from(shorts))
    assert uncovers(closing(instrument, -data.draw(st.integers(1, -count))), book) is None


async def a_guardian(clock: LoopClock) -> DeskStage:
    return await set_stage(clock, role=Role.GUARDIAN)


def sell(product: Product, quantity: int = 25) -> OrderRequest:
    return OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=quantity, product=product)


async def test_a_guardian_closes_intraday_and_opens_nothing_however_it_is_asked(clock: LoopClock) -> None:
    stage = await a_guardian(clock)
    for request in (LIMIT, sell(Product.MIS), replace(LIMIT, product=Product.MIS)):
        with pytest.raises(CheckFailed, match="As guardian you can make positions smaller"):
            await ask(stage, request)
    stage.broker.held = [a_position(25)]
    with pytest.raises(CheckFailed, match="smaller"):
        await ask(stage, sell(Product.MIS, 26))
    assert isinstance(await stage.tap(await ask(stage, sell(Product.MIS))), Order)
    stage.broker.held = [a_position(-25)]
    assert isinstance(await stage.tap(await ask(stage, replace(sell(Product.MIS, 10), side=Side.BUY))), Order)
    assert stage.broker.posts == 2


async def test_a_guardian_who_sells_what_is_not_held_is_offered_no_short(clock: LoopClock) -> None:
    stage = await a_guardian(clock)
    bare = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=5)
    with pytest.raises(CheckFailed, match="nothing to make smaller"):
        await stage.proposals.propose(stage.actor, bare, chat_id=PERSON)
    stage.broker.held = [a_position(25), replace(a_position(5), product=Product.CNC)]
    with pytest.raises(ChoiceWanted) as choice:
        await stage.proposals.propose(stage.actor, bare, chat_id=PERSON)
    assert [label for label, _ in choice.value.near] == ["Close intraday 25", "Bought today 5"]


async def test_a_guardians_open_card_is_judged_again_at_the_tap(clock: LoopClock) -> None:
    stage = await a_guardian(clock)
    stage.broker.held = [a_position(25)]
    token = await ask(stage, sell(Product.MIS))
    stage.broker.held = []  # closed meanwhile, in the app: the same order would open a short
    with pytest.raises(CheckFailed, match="guardian"):
        await stage.tap(token)
    assert stage.broker.posts == 0


async def test_a_trader_who_became_a_guardian_meanwhile_opens_nothing(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    await stage.store.transaction(lambda db: db.people.add(User(telegram_id=PERSON, name="Asha"), Role.GUARDIAN, None, NOW))
    with pytest.raises(CheckFailed, match="guardian"):
        await stage.tap(token)
    assert stage.broker.posts == 0


async def test_holdings_and_delivery_are_the_owners_unless_the_account_allows_it(clock: LoopClock) -> None:
    stage = await a_guardian(clock)
    stage.broker.demat = [a_holding(40)]
    with pytest.raises(CheckFailed, match="delivery and holdings are the owner's"):
        await ask(stage, sell(Product.CNC))
    await access(stage).put(guardian_sells_holdings=True)
    assert isinstance(await stage.tap(await ask(stage, sell(Product.CNC))), Order)


async def test_a_guardian_takes_no_cover_from_a_short(clock: LoopClock) -> None:
    stage = await a_guardian(clock)
    stage.broker.held = [held(SHORT, -1), held(NIFTY_CALL, 1)]
    wing = OrderRequest(
        side=Side.SELL, symbol="nifty 24500 ce", quantity=65, price=Decimal("100.00"), exchange=Exchange.NFO, product=Product.NRML
    )
    with pytest.raises(CheckFailed, match="covers the short NF 24800CE"):
        await ask(stage, wing)
    stage.broker.held = [held(NIFTY_CALL, 1)]
    assert isinstance(await stage.tap(await ask(stage, wing)), Order)


async def test_a_guardian_changes_no_order_and_cancels_and_stops(clock: LoopClock) -> None:
    owner = await set_stage(clock)
    await owner.tap(await ask(owner))
    guardian = replace(owner.actor, role=Role.GUARDIAN)
    await owner.becomes(Role.GUARDIAN)
    with pytest.raises(NotAllowed):
        await owner.proposals.modify(guardian, 1, price=Decimal("1476.00"), quantity=None, chat_id=PERSON)
    assert isinstance(await owner.orders.cancel(guardian, 1, chat_id=PERSON), Cancelled)
    assert not (await owner.switch.kill(guardian)).already
