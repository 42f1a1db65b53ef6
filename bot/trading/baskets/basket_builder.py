"""From the lines of a message to a basket's question: read the broker side by side, draft each order, price the whole."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import NoReturn

from bot.domain.charges.charges import Trade
from bot.domain.charges.tariff import ChargeName
from bot.domain.clock import ist_date
from bot.domain.errors import CheckFailed, ChoiceWanted, PersonError, UnknownSymbol, UsageError
from bot.domain.exits.exit_list import ExitList, ExitRow, ListKind
from bot.domain.market.display_names import short
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.market.prices import Price
from bot.domain.money import ZERO, tick_down, tick_up
from bot.domain.orders.band_edge import at_edge, day_edges
from bot.domain.orders.confirmation import Confirmation, ConfirmationState, Purpose
from bot.domain.orders.order import OrderDraft, OrderRequest
from bot.domain.orders.order_text import request_of
from bot.domain.orders.reading import Readings
from bot.domain.people.account import Actor, Permission
from bot.domain.plans.basket import MOST, BasketCard, BasketChange, worst_cost, worst_loss
from bot.domain.plans.plan import LegKind, Plan, PlanLeg, PlanState
from bot.domain.ports.broker import BrokerConnection
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.portfolio import met_today
from bot.domain.terms import Product, Side
from bot.domain.value import value
from bot.trading.actor import demand_role
from bot.trading.baskets.basket_rows import BasketOrder, rows_of
from bot.trading.baskets.judging import BasketJudge, BasketJudgement, Money, Whole, over_freeze, same_twice
from bot.trading.checks.blocking import known
from bot.trading.checks.day_band import set_to_edge
from bot.trading.drafts.drafting import closable, of_held, product_of
from bot.trading.drafts.held import Held
from bot.trading.drafts.meaning import Meant, priced
from bot.trading.proposals.proposal_builder import ProposalBuilder

LASTS = timedelta(minutes=10)  # what waits for its cover is not sent later
EXAMPLE = "/basket buy NIFTY 24800 CE 1lot; sell NIFTY 24500 CE 1lot"
NO = "You may not open positions here any more."


@value
class BasketLine:
    """One order of a basket in a person's words."""

    text: str  # as a command
    readings: Readings


@value
class Asked:
    """Where a question stands, and which one it replaces."""

    chat_id: int
    message_id: int | None = None
    replaces: str | None = None
    redrawn: str | None = None


@value
class BasketBuilder:
    """Makes the question about a basket. Reads only, and writes nothing but the question."""

    proposing: ProposalBuilder
    judge: BasketJudge

    @property
    def today(self) -> date:
        """India's date."""
        return ist_date(self.proposing.clock.now())

    async def of_lines(self, actor: Actor, lines: Sequence[BasketLine], asked: Asked) -> BasketCard:
        """PersonError names the line that it is about. Its buttons are whole baskets again."""
        _demand_count(len(lines))
        meant: list[Meant] = []
        for place, line in enumerate(lines):
            try:
                order = await self.proposing.interpreter.meant(actor, line.readings)
                _demand_plain(order)
            except PersonError as error:
                _of_line(error, place, lines)
            meant.append(order)
        return await self._asked(actor, meant, lines, asked)

    async def of_drafts(self, actor: Actor, drafts: Sequence[OrderDraft], asked: Asked) -> BasketCard:
        """The same orders at the price of now."""
        return await self._of_requests(actor, [request_of(draft) for draft in drafts], asked)

    async def changed(self, actor: Actor, drafts: Sequence[OrderDraft], change: BasketChange, asked: Asked) -> BasketCard:
        """The same orders, each changed alike. CheckFailed where one of them cannot be."""
        account, _ = self.proposing.connection(actor)
        prices = await self.proposing.prices.of_all(account.id, {draft.instrument.key for draft in drafts})
        requests = [_changed(draft, change, prices.get(draft.instrument.key)) for draft in drafts]
        return await self._of_requests(actor, requests, asked)

    async def _of_requests(self, actor: Actor, requests: Sequence[OrderRequest], asked: Asked) -> BasketCard:
        return await self._asked(actor, [self.proposing.interpreter.named(request) for request in requests], (), asked)

    async def _asked(self, actor: Actor, meant: Sequence[Meant], lines: Sequence[BasketLine], asked: Asked) -> BasketCard:
        account, connection = self.proposing.connection(actor)
        await self.proposing.instruments.settled()
        requests = [order.readings[0].request for order in meant]
        prices, held, funds, result = await asyncio.gather(
            self.proposing.prices.of_all(account.id, {order.instrument.key for order in meant}),
            self.held(account.id, [(order.instrument, request) for order, request in zip(meant, requests, strict=True)]),
            self.proposing.funds(connection),
            self.proposing.result(account.id, connection),
        )
        held = replace(held, result=result)
        orders, said = [], []
        for place, order in enumerate(meant):
            price = prices.get(order.instrument.key)
            try:
                draft, told = self._draft(actor, order, price, held)
            except PersonError as error:
                _of_line(error, place, lines)
            said += told
            left = closable(draft, held.positions, held.holdings, (), read_at=held.read_at)
            closes, low_high = draft.quantity <= left, day_edges(self.proposing.rules, order.instrument, price, self.today)
            if closes and low_high is not None and (edged := at_edge(draft, low_high)) != draft:
                said.append(f"{order.instrument.symbol}: {set_to_edge(draft, low_high).say}")
                draft = edged
            seen = None if price is None else (price.ask if draft.side is Side.BUY else price.bid) or price.last
            orders.append(BasketOrder(draft=draft, closes=closes, seen=seen))
        rows = rows_of(orders, held.positions)
        self._demand_whole(rows)
        opening = [row.draft for row in rows if row.enters]
        margin = await self._margin(connection, opening)
        money = Money(margin=margin, cost=worst_cost([row.draft for row in rows]), cash=funds.available if funds else None)
        exits = ExitList(
            plan_id="", account_id=account.id, kind=ListKind.BASKET, by=actor.user.telegram_id, name=actor.user.name,
            began_at=self.proposing.clock.now(), rows=rows,
        )  # fmt: skip
        question, judgement = await self._stored(actor, exits, Whole(rows=rows, held=held, money=money, prices=prices), asked)
        charges, unknown = self._charges(rows, prices, held)
        return BasketCard(
            confirmation=question,
            account=account,
            exits=replace(exits, plan_id=question.token),
            margin=margin,
            cost=money.cost,
            loss=worst_loss(opening) if len(opening) == len(rows) else None,
            charges=charges,
            charges_unknown=unknown,
            cash=money.cash,
            warnings=(*said, *judgement.warnings),
            opens=judgement.opens,
            redrawn=asked.redrawn,
        )

    def _draft(self, actor: Actor, order: Meant, price: Price | None, held: Held) -> tuple[OrderDraft, list[str]]:
        instrument = order.instrument
        request = priced(order.readings, order.instrument, price)
        if request.portion is not None:
            request = of_held(request, instrument, held.positions, held.holdings)
        may_open = actor.may(Permission.OPEN)
        product = product_of(request, instrument, held.positions, held.holdings, may_open=may_open)
        draft, remarks = self.proposing.drafting.draft(request, instrument, price, product)
        return draft, [f"{short(instrument)}: {remark.say}" for remark in remarks]

    async def held(self, account_id: str, wanted: Sequence[tuple[Instrument, OrderRequest]]) -> Held:
        """Positions, and holdings where shares may be sold out of them."""
        now = self.proposing.clock.now()
        sells_shares = any(
            not instrument.is_derivative and request.side is Side.SELL and request.product in (None, Product.CNC, Product.MTF)
            for instrument, request in wanted
        )
        if not sells_shares:
            return Held(positions=await self.proposing.connections.of(account_id).broker.positions(), read_at=now)
        return await self.proposing.held_in_demat(account_id)

    def _demand_whole(self, rows: Sequence[ExitRow]) -> None:
        freezes = ((self.proposing.rules.freeze(row.draft.instrument, self.today), row) for row in rows)
        reasons = [say for freeze, row in freezes if (say := over_freeze(freeze.quantity if freeze else None, row)) is not None]
        if (twice := same_twice(rows)) is not None:
            reasons.append(twice)
        if reasons:
            raise CheckFailed(reasons)

    async def _margin(self, connection: BrokerConnection, opening: Sequence[OrderDraft]) -> Decimal | None:
        if not opening:
            return ZERO
        found = await known(connection.broker.margin_of_all(opening))
        return found.required if found is not None else None

    async def _stored(self, actor: Actor, exits: ExitList, whole: Whole, asked: Asked) -> tuple[Confirmation, BasketJudgement]:
        """The question, the plan with a leg for each order, and the list: all of it is under the question's digest."""
        confirmations, now = self.proposing.confirmations, self.proposing.clock.now()
        plan = Plan(
            id="", account_id=exits.account_id, placed_by=exits.by, state=PlanState.ASKED, legs=legs_of(exits.rows),
            until=now + LASTS, created_at=now,
        )  # fmt: skip
        question = confirmations.new(
            actor, asked.chat_id, Purpose.BASKET, plan=plan.digest(), message_id=asked.message_id, calm=asked.redrawn is not None
        )

        def store(db: Repositories) -> BasketJudgement:
            role = demand_role(db, actor, Permission.OPEN, NO)
            judgement = self.judge.judge(db, exits.account_id, role, whole)
            if judgement.reasons:
                return judgement
            confirmations.note_weight(question, judgement.weights)
            if asked.replaces is not None:
                db.confirmations.close(asked.replaces, ConfirmationState.REPLACED)
            db.confirmations.add(question)
            db.plans.add(replace(plan, id=question.token))
            db.exit_lists.add(replace(exits, plan_id=question.token))
            return judgement

        judgement = await self.proposing.store.transaction(store)
        if judgement.reasons:
            raise CheckFailed(judgement.reasons)
        return question, judgement

    def _charges(
        self, rows: Sequence[ExitRow], prices: Mapping[InstrumentKey, Price], held: Held
    ) -> tuple[Decimal | None, tuple[str, ...]]:
        """The charges of all orders, estimated, with what is not known of them. None where a price is not known."""
        whole, unknown = ZERO, set()
        for row in rows:
            draft, market = row.draft, prices.get(row.draft.instrument.key)
            each = draft.price or (market.last if market is not None else None)
            if each is None:
                return None, ()
            trade = Trade(
                instrument=draft.instrument, side=draft.side, product=draft.product, quantity=draft.quantity, price=each,
                day=self.today,
            )  # fmt: skip
            bill = self.proposing.tariff.ledger_order(trade, self.proposing.plan, meets=met_today(draft, held.positions))
            whole += bill.total
            unknown |= set(bill.unknown)
        return whole, tuple(name.say for name in ChargeName if name in unknown)


def _changed(draft: OrderDraft, change: BasketChange, price: Price | None) -> OrderRequest:
    request, instrument = request_of(draft), draft.instrument
    match change:
        case BasketChange.DOUBLE:
            return replace(request, quantity=draft.quantity * 2)
        case BasketChange.HALVE:
            half = draft.quantity // 2 // instrument.lot * instrument.lot
            if half * 2 != draft.quantity:
                raise CheckFailed([f"{draft.quantity} {short(instrument)} cannot be halved in whole lots."])
            return replace(request, quantity=half)
        case BasketChange.AT_MID:
            if price is None or price.bid is None or price.ask is None:
                raise CheckFailed([f"No bid and ask of {short(instrument)} are seen now, so there is no middle."])
            mid = (price.bid + price.ask) / 2
            rounded = tick_down(mid, instrument.tick) if draft.side is Side.BUY else tick_up(mid, instrument.tick)
            return replace(request, price=max(rounded, instrument.tick), market=False)
        case BasketChange.AT_MARKET:
            return replace(request, price=None, market=False)


def legs_of(rows: Sequence[ExitRow]) -> tuple[PlanLeg, ...]:
    """A leg for each row, which licenses its one order."""
    return tuple(
        PlanLeg(number=row.slices[0].leg, kind=LegKind.OPENING if row.enters else LegKind.EXIT, draft=row.draft) for row in rows
    )


def _demand_count(many: int) -> None:
    if many < 2:
        raise UsageError("A basket is two orders or more, a line each.", example=EXAMPLE)
    if many > MOST:
        raise UsageError(f"{MOST} orders are the most in one basket; these are {many}.", example=EXAMPLE)


def _demand_plain(order: Meant) -> None:
    """A basket is made of plain orders: what rests until a trigger would never cover anything in time."""
    request = order.readings[0].request
    if not order.is_sized:
        raise UsageError("How many?", example=EXAMPLE)
    if any(each is not None for each in (request.trigger, request.stop, request.target, request.trail)):
        raise UsageError("A stop, a target or a trail belongs to an order of its own, not into a basket.", example=EXAMPLE)
    if request.after_market:
        raise UsageError("An after-market order goes alone, not in a basket.", example=EXAMPLE)


def _of_line(error: PersonError, place: int, lines: Sequence[BasketLine]) -> NoReturn:
    """The same error, which names its line. Each of its buttons is the whole basket with that line made clear."""
    if not lines:
        raise error
    say = f"Line {place + 1}: {error.say}"
    if isinstance(error, UsageError):
        raise UsageError(say, example=error.example) from error
    if isinstance(error, CheckFailed):
        raise CheckFailed([f"Line {place + 1}: {reason}" for reason in error.reasons]) from error
    if isinstance(error, ChoiceWanted):
        near = [(name, _with_line(lines, place, command)) for name, command in error.near]
        kind = UnknownSymbol if isinstance(error, UnknownSymbol) else ChoiceWanted
        raise kind(say, near=near) from error
    raise error


def _with_line(lines: Sequence[BasketLine], place: int, command: str) -> str:
    texts = [command if at == place else line.text for at, line in enumerate(lines)]
    return f"/basket {'; '.join(text.removeprefix('/') for text in texts)}"
