"""What a card says an order will cost: as the day will charge it, with the loan that it takes, and what is not known named."""

from dataclasses import replace
from decimal import Decimal

from bot.domain.clock import Clock
from bot.domain.money import to_paise
from bot.domain.orders.order import OrderDraft, OrderRequest
from bot.domain.positions.portfolio import Holding, Margin, Position, met_today
from bot.domain.proposals.proposal import Proposal
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from handlers.views.orders import order as views
from tests.stage.brokers.broker import ScriptedBroker
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.orders import RELIANCE, a_draft
from tests.storage.samples import PERSON

SALE = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=10, product=Product.CNC, price=Decimal("1487.70"))


class Lending(ScriptedBroker):
    """A broker that blocks the same margin for every order, or does not say what it would block."""

    def __init__(self, clock: Clock, required: Decimal | None) -> None:
        super().__init__(clock)
        self.required = required

    async def margin(self, draft: OrderDraft) -> Margin:
        return Margin(required=self.required)


def held(quantity: int, product: Product = Product.CNC, carried: int = 0) -> Position:
    return Position(
        instrument=RELIANCE, product=product, quantity=quantity, bought=max(quantity, 0), sold=max(-quantity, 0),
        bought_value=Decimal(1480) * max(quantity, 0), sold_value=Decimal(1480) * max(-quantity, 0), average=Decimal(1480),
        carried=carried,
    )  # fmt: skip


def in_demat(quantity: int) -> Holding:
    return Holding(
        instrument=RELIANCE, isin="INE002A01018", quantity=quantity, t1=0, authorised=quantity, collateral=0,
        average=Decimal(1400), last=Decimal(1480), previous_close=Decimal(1475),
    )  # fmt: skip


async def asked(stage: DeskStage, request: OrderRequest = SALE) -> Proposal:
    return await stage.proposals.propose(stage.actor, request, chat_id=PERSON)


def charged(proposal: Proposal) -> Decimal:
    assert proposal.charges is not None
    return to_paise(proposal.charges)


async def test_a_delivery_share_bought_today_is_sold_as_intraday_without_the_depository(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [held(10)]
    card = await asked(stage)
    assert charged(card) == Decimal("4.28")
    assert card.proceeds == Decimal("14877.00") - (card.charges or 0)
    stage.broker.held, stage.broker.demat = [], [in_demat(10)]
    assert charged(await asked(stage)) == Decimal("36.67"), "held since another day: delivery STT and the depository's charge"


async def test_a_sale_of_more_than_was_bought_today_pays_for_the_rest_as_delivery(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held, stage.broker.demat = [held(4)], [in_demat(20)]
    six, four = Decimal("36.67") - Decimal("21.24"), Decimal("4.28")
    card = charged(await asked(stage))
    assert abs(card - (six * 6 / 10 + four * 4 / 10 + Decimal("21.24"))) < Decimal("0.02")


def test_only_what_the_day_left_open_the_other_way_meets_an_order() -> None:
    sale = a_draft(side=Side.SELL, quantity=10)
    buy = a_draft(side=Side.BUY, quantity=10)
    assert met_today(sale, [held(10)]) == 10
    assert met_today(sale, [held(25)]) == 10
    assert met_today(sale, [held(10, carried=10)]) == 0
    assert met_today(sale, [held(3, Product.MTF), held(4)]) == 7
    assert met_today(sale, [held(10, Product.MIS)]) == 0
    assert met_today(sale, [held(-10)]) == 0
    assert met_today(buy, [held(-6)]) == 6


async def test_an_mtf_purchase_says_what_the_person_pays_what_mstock_lends_and_what_that_costs_a_day(clock: LoopClock) -> None:
    stage = await set_stage(clock, broker=Lending(clock, Decimal("4463.10")))  # 30 %
    card = await asked(stage, replace(SALE, side=Side.BUY, product=Product.MTF))
    assert card.loan is not None
    assert (card.loan.own, card.loan.lent) == (Decimal("4463.10"), Decimal("10413.90"))
    assert to_paise(card.loan.interest or Decimal(0)) == Decimal("4.28")  # 14.99 % a year
    assert card.charges_unknown == (), "flat-5 takes five rupees and GST"
    delivery = await asked(stage, replace(SALE, side=Side.BUY))
    more = charged(card) - charged(delivery)
    assert to_paise(more) == Decimal("37.90"), "brokerage with its GST, and the pledge"
    assert card.charges_both is not None
    assert delivery.charges_both is not None
    assert to_paise(card.charges_both - delivery.charges_both) == Decimal("75.80"), "and the end of the pledge"
    assert card.break_even is not None
    assert card.break_even * 10 >= card.charges_both
    text = views.proposal(card, "PAPER", clock.now()).plain
    assert "You pay               4,463.10" in text
    assert "mStock lends         10,413.90" in text
    assert " interest a day         ≈ 4.28" in text
    assert "Margin  " not in text


async def test_an_mtf_purchase_whose_margin_is_not_known_does_not_guess_the_loan(clock: LoopClock) -> None:
    stage = await set_stage(clock, broker=Lending(clock, None))
    card = await asked(stage, replace(SALE, side=Side.BUY, product=Product.MTF))
    assert card.loan is None
    assert "mStock lends         not known" in views.proposal(card, "PAPER", clock.now()).plain


async def test_a_delivery_purchase_borrows_nothing(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    card = await asked(stage, replace(SALE, side=Side.BUY))
    assert card.loan is None
    assert "mStock lends" not in views.proposal(card, "PAPER", clock.now()).plain
