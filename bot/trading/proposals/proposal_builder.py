"""From a request to a proposal: read the broker side by side, draft, check, price the charges, store the question."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from bot.domain.charges.charges import Tariff
from bot.domain.charges.tariff import BrokeragePlan, ChargeName
from bot.domain.clock import Clock, at_ist, ist_date
from bot.domain.errors import CheckFailed, ExitHeld, SessionExpired
from bot.domain.exits.exit_figures import ExitFigures
from bot.domain.market.calendar import Calendar, Window
from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Price
from bot.domain.market.rules import MarketRules
from bot.domain.money import ZERO
from bot.domain.orders.band_edge import at_edge, day_edges
from bot.domain.orders.confirmation import Confirmation, ConfirmationState
from bot.domain.orders.order import Order, OrderDraft, OrderRequest
from bot.domain.orders.order_text import order_words, record_line
from bot.domain.people.account import Account, Actor, Permission
from bot.domain.plans.plan import Attached, Plan
from bot.domain.ports.broker import BrokerConnection, BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import Funds, Margin, PnL, met_today
from bot.domain.proposals.proposal import Proposal, Remark
from bot.domain.terms import Product, Side
from bot.trading.account.loss_guard import Results
from bot.trading.account.margin_loans import note_lent
from bot.trading.account.prices import Prices
from bot.trading.actor import account_of, demand_role
from bot.trading.checks.beside import held_by
from bot.trading.checks.blocking import known, margins
from bot.trading.checks.checks import TWIN, repairs
from bot.trading.checks.costs import Costs, proceeds, worth
from bot.trading.checks.dated import master_age, stage_of
from bot.trading.checks.day_band import set_to_edge, stop_beyond_band
from bot.trading.checks.reducing import objections
from bot.trading.checks.remarks import closed_until, remarks
from bot.trading.checks.situation import Situation
from bot.trading.checks.weight import weighs
from bot.trading.drafts.after_market import evening_limit, for_session
from bot.trading.drafts.attaching import Attaching, Entry, attached_of, loss_if_stopped, misfit
from bot.trading.drafts.drafting import Drafting, closable, of_held, product_of
from bot.trading.drafts.held import Held, WayOut
from bot.trading.drafts.interpreter import Interpreter
from bot.trading.drafts.joining import Joining, joining, raising, unjoined
from bot.trading.drafts.meaning import Meant, priced
from bot.trading.drafts.risk import by_risk
from bot.trading.instruments.catalogue import Catalogue
from bot.trading.ledger.day_book import paid_for
from bot.trading.orders.confirmations import Confirmations
from bot.trading.safety.limits import day_lock, made
from bot.trading.sync.shared_reads import SharedReads


@dataclass(slots=True, kw_only=True)
class ProposalBuilder:
    """Makes proposals. It reads only, and writes nothing but the question."""

    store: Store
    connections: BrokerConnections
    reads: SharedReads
    prices: Prices
    instruments: Catalogue
    drafting: Drafting
    confirmations: Confirmations
    results: Results
    interpreter: Interpreter
    clock: Clock
    rules: MarketRules
    tariff: Tariff
    calendar: Calendar | None  # None: this exchange never closes (practice)
    ceiling: Decimal  # rupees that one order may be worth, whoever asks
    settling: bool  # stock contracts may be opened on their last two days, with a warning
    ddpi: bool  # whether a DDPI is on file at the broker, where nobody has said so of the account
    plan: BrokeragePlan | None  # None: nobody named a brokerage plan, so brokerage is not known

    def connection(self, actor: Actor) -> tuple[Account, BrokerConnection]:
        """The account and its living connection. PersonError without an account, SessionExpired without a session."""
        account = account_of(actor)
        connection = self.connections.of(account.id)
        if connection.session is None:
            raise SessionExpired("There is no session with mStock.")
        return account, connection

    async def propose(
        self, actor: Actor, asked: OrderRequest | Meant, *, chat_id: int, attached: Attached | None = None, as_exit: bool = False
    ) -> Proposal:
        """A new question about a new order, with what is attached to it.

        A request that is no person's words names its instrument in full. as_exit: it is to close, and nothing else: ExitHeld
        where other orders leave it nothing to close.
        """
        account, connection = self.connection(actor)
        await self.instruments.settled()
        order = asked if isinstance(asked, Meant) else self.interpreter.named(asked)
        instrument, first = order.instrument, order.readings[0].request
        price, held, result = await asyncio.gather(
            self.prices.of(account.id, instrument.key),
            self.held(account.id, first.side, first.product, instrument, closes=first.portion is not None),
            self.result(account.id, connection),
        )
        held = replace(held, result=result)
        request = priced(order.readings, order.instrument, price)
        if request.portion is not None:
            request = of_held(request, instrument, held.positions, held.holdings)
        may_open = actor.may(Permission.OPEN)
        product = product_of(request, instrument, held.positions, held.holdings, may_open=may_open)
        request, sized = by_risk(request, instrument, price, product, self.drafting)
        window = self.window(instrument, product)
        is_open = window is None or window.may_exit  # the price of a closed market is old, and no order goes by it
        evening = for_session(request, instrument, price, window, reduces=False, sent=self.interpreter.evenings)
        request = evening.request if evening is not None else request
        draft, said = self.drafting.draft(request, instrument, price, product, judged=is_open)
        draft, moved = await self.at_band_edge(account.id, draft, price, held)
        said = (*sized, *said, *moved)
        if evening is not None:
            draft, said = evening.of(draft), (*evening.remarks, *said)
        attached = attached_of(request, draft, price) if attached is None or attached.joins is not None else attached
        if attached is None and (stop := await self.joins(account.id, draft, held)) is not None:
            attached = stop.attached if stop.fits else None
        entry = Entry(draft=draft, price=price, attached=attached, held=held)
        confirmation, plan = self.attaching.question(actor, chat_id, entry)
        return await self.ask(
            actor, account, connection, confirmation, price=price, held=held, said=said, plan=plan, as_exit=as_exit
        )

    async def at_band_edge(
        self, account_id: str, draft: OrderDraft, price: Price | None, held: Held, *, before: Order | None = None
    ) -> tuple[OrderDraft, tuple[Remark, ...]]:
        """An exit beyond the day's known band at its edge, with what the card says of that. Anything else as it is."""
        low_high = day_edges(self.rules, draft.instrument, price, ist_date(self.clock.now()))
        if low_high is None or (edged := at_edge(draft, low_high)) == draft:
            return draft, ()
        at = await self.store.read(lambda db: self.situation(db, account_id, draft, held, before=before))
        return (edged, (set_to_edge(draft, low_high),)) if at.reduces else (draft, ())

    async def joins(self, account_id: str, draft: OrderDraft, held: Held) -> Joining | None:
        """The stop that guards what the draft adds to."""
        return await self.store.read(lambda db: self._joining(db, account_id, draft, held))

    def _joining(self, db: Repositories, account_id: str, draft: OrderDraft, held: Held) -> Joining | None:
        freeze = self.rules.freeze(draft.instrument, ist_date(self.clock.now()))
        return joining(db, account_id, draft, held, freeze=freeze.quantity if freeze is not None else None)

    @property
    def costs(self) -> Costs:
        """What orders cost, by the day's tariff."""
        return Costs(self.tariff, self.plan, self.clock)

    @property
    def attaching(self) -> Attaching:
        """What makes the question about a new order, with all that one Confirm covers."""
        return Attaching(rules=self.rules, confirmations=self.confirmations, clock=self.clock)

    async def funds(self, connection: BrokerConnection) -> Funds | None:
        """Cash for the card. None when it cannot be read now."""
        return await known(connection.broker.funds())

    def limited(self, db: Repositories, account_id: str) -> bool:
        """Whether a daily loss limit is set."""
        return db.limits.on(account_id, ist_date(self.clock.now())).daily_loss is not None

    async def result(self, account_id: str, connection: BrokerConnection, *, limited: bool | None = None) -> PnL | None:
        """What the day has made or lost so far. None when nothing hangs on it, or it is not known."""
        if limited is None:
            limited = await self.store.read(lambda db: self.limited(db, account_id))
        if not limited:
            return None
        return await known(self.results.of(account_id, connection))

    async def held(
        self, account_id: str, side: Side, product: Product | None, instrument: Instrument, *, closes: bool = False
    ) -> Held:
        """Positions (and for a sale in cash, holdings), as far as the order's meaning hangs on them. closes: its size does."""
        if not closes and side is Side.BUY and product in (None, Product.CNC) and not instrument.is_derivative:
            return Held()
        now = self.clock.now()
        if instrument.is_derivative or side is Side.BUY or product not in (None, Product.CNC):
            return Held(positions=await self.connections.of(account_id).broker.positions(), read_at=now)
        return await self.held_in_demat(account_id)

    async def held_in_demat(self, account_id: str) -> Held:
        """Positions and holdings as they are now. The holdings stay known: the news of their sale tells by them what it made."""
        now, broker = self.clock.now(), self.connections.of(account_id).broker
        positions, holdings = await asyncio.gather(broker.positions(), self.reads.holdings(account_id, anew=True))
        return Held(positions=positions, holdings=holdings.value, read_at=now)

    async def held_for(self, actor: Actor, draft: OrderDraft, *, limited: bool | None = None) -> Held:
        """What the broker says that the account has, as far as this draft hangs on it, and the day's result.

        limited: whether a daily loss limit is set, where the caller has read that.
        """
        account, connection = self.connection(actor)
        held, result = await asyncio.gather(
            self.held(account.id, draft.side, draft.product, draft.instrument),
            self.result(account.id, connection, limited=limited),
        )
        return replace(held, result=result)

    def terms(self, draft: OrderDraft) -> str:
        """The terms for the record of acts."""
        return record_line(draft, ist_date(self.clock.now()), monthly=self.instruments.is_monthly(draft.instrument))

    def named(self, order: Order) -> str:
        """The order's number and terms, for those who are told of an act on it."""
        monthly = self.instruments.is_monthly(order.draft.instrument)
        return f"#{order.number} {order_words(order.draft, ist_date(self.clock.now()), monthly=monthly)}"

    async def ask(
        self,
        actor: Actor,
        account: Account,
        connection: BrokerConnection,
        confirmation: Confirmation,
        *,
        price: Price | None,
        held: Held,
        said: tuple[Remark, ...] = (),
        before: Order | None = None,
        replaces: str | None = None,
        redrawn: str | None = None,
        plan: Plan | None = None,
        as_exit: bool = False,
    ) -> Proposal:
        """Checks the draft of a question, stores the question, and says all that the person should see."""
        draft = confirmation.draft
        if draft is None:
            raise ValueError("a proposal needs a draft")
        (margin, blocks), funds = await asyncio.gather(margins(connection.broker, draft, before), self.funds(connection))
        cash = funds.available if funds else None

        offers: list[tuple[str, str]] = []
        joins: list[Joining] = []

        def store(db: Repositories) -> tuple[tuple[str, ...], Situation]:
            role = demand_role(db, actor, Permission.REDUCE, "You may not trade here any more.")
            situation = self.situation(db, account.id, draft, held, before=before)
            today = ist_date(self.clock.now())
            paid = paid_for(db, account.id, draft, today, positions=held.positions, holdings=held.holdings)
            situation = replace(situation, price=price, cash=cash, margin=blocks, paid=paid)
            if as_exit and not situation.reduces and not situation.guards:
                held_up, near = held_by(situation)
                offers.extend(near)
                return (held_up,), situation
            if reasons := objections(role, situation):
                offers.extend(repairs(situation))
                return reasons, situation
            if plan is not None and (why := misfit(plan, reduces=situation.reduces)) is not None:
                return (why,), situation
            if situation.reduces:
                self.confirmations.note_exit(confirmation)
            weight = weighs(situation)
            self.confirmations.note_weight(confirmation, weight)
            if replaces is not None:
                db.confirmations.close(replaces, ConfirmationState.REPLACED)
            db.confirmations.add(replace(confirmation, light=not weight and not situation.reduces))
            if plan is not None:
                db.plans.add(plan)
            asks = before is None and not situation.reduces and (plan is None or plan.joins is not None)
            if asks and (found := self._joining(db, account.id, draft, held)) is not None:
                joins.append(found)
            each = draft.price or (price.last if price is not None else None)
            note_lent(db, account.id, draft, each=each, required=margin.required, day=today)
            return (), situation

        reasons, situation = await self.store.transaction(store)
        if reasons and as_exit and situation.others:
            raise ExitHeld(reasons, near=offers, elsewhere=not any(order.is_ours for order in situation.others))
        if reasons:
            raise CheckFailed(reasons, near=offers)
        return self._proposal(
            account, confirmation, draft, price=price, margin=margin, cash=cash, said=said, situation=situation,
            meets=met_today(draft, held.positions), before=before, redrawn=redrawn, plan=plan, joins=joins[0] if joins else None,
        )  # fmt: skip

    def situation(
        self,
        db: Repositories,
        account_id: str,
        draft: OrderDraft,
        held: Held,
        *,
        before: Order | None = None,
        asked_as_exit: bool = False,
    ) -> Situation:
        """What the checks look at, read from our own store inside the caller's transaction."""
        now = self.clock.now()
        today = ist_date(now)
        # Only these can matter, and a day may have hundreds: all of the day would make each order slower than the one before.
        orders = db.orders.lately(account_id, today, now - TWIN)
        if draft.session is not None:  # what waits for that session closes the same
            orders = [*orders, *(order for order in db.orders.unsettled(account_id) if order.day > today)]
        others = [order for order in orders if before is None or order.id != before.id]
        left = closable(draft, held.positions, held.holdings, others, read_at=held.read_at)
        way = WayOut(closable=left)
        if draft.quantity > left:
            way = WayOut.of(draft, held, others, as_exit=asked_as_exit)
        ahead = now + timedelta.resolution  # what was sent before the clock was set back is none of the last minute's
        sent_today, lately, later = db.orders.sent_since(account_id, at_ist(today, 0), now - timedelta(minutes=1), ahead)
        freeze = self.rules.freeze(draft.instrument, today)
        limits = db.limits.on(account_id, today)
        return Situation(
            draft=draft,
            now=now,
            reduces=draft.quantity <= way.closable,
            closable=way.closable,
            guards=way.guards,
            turns=way.turns,
            doubles=way.doubles,
            beyond=way.beyond,
            others=way.others,
            asked_as_exit=asked_as_exit,
            stop=db.stops.stopped(account_id),
            pnl_exits=[each for each in db.pnl_exits.alive() if each.account_id == account_id],
            blocked_until=db.pnl_exits.blocked_until(account_id, now),
            limits=limits,
            sent_today=sent_today,
            sent_last_minute=lately - later,
            recent=[order for order in orders if order.is_ours] if before is None else (),
            window=self.window(draft.instrument, draft.product),
            freeze=freeze.quantity if freeze else None,
            band=band.percent if (band := self.rules.price_band(draft.instrument, today)) is not None else None,
            banned=self.rules.is_banned(draft.instrument, today),
            measures=self.rules.measures(draft.instrument, today),
            address_refused=db.flags.address_told(account_id, today),
            stage=stage_of(draft.instrument, today, self.rules, self.calendar, settling=self.settling),
            squared_off=self.rules.squared_off_on(draft.instrument, self.calendar) if self.calendar is not None else None,
            master_age=master_age(self.instruments.day, today, self.calendar),
            price=self.prices.known(account_id, draft.instrument.key),
            day_lock=day_lock(db, account_id, limits=limits, result=held.result, clock=self.clock),
            result=made(held.result) if held.result is not None else None,
            positions=held.positions,
            holdings=held.holdings,
            ddpi=self.ddpi if (said := db.flags.ddpi(account_id)) is None else said,
            ceiling=self.ceiling,
            before=before,
            clock_off=self.connections.of(account_id).broker.clock_off,
        )

    def window(self, instrument: Instrument, product: Product) -> Window | None:
        """What the market takes of it now. None: this exchange never closes (practice)."""
        if self.calendar is None:
            return None
        return self.calendar.may(instrument, product, self.clock.now(), in_auction=self.instruments.has_contracts(instrument))

    def _proposal(
        self,
        account: Account,
        confirmation: Confirmation,
        draft: OrderDraft,
        *,
        price: Price | None,
        margin: Margin,
        cash: Decimal | None,
        said: tuple[Remark, ...],
        situation: Situation,
        meets: int,
        before: Order | None,
        redrawn: str | None,
        plan: Plan | None,
        joins: Joining | None,
    ) -> Proposal:
        each = draft.price or (price.last if price else None)
        value = worth(draft, each, margin)
        bill, both = self.costs.of(draft, each, meets)
        more = self.costs.of_parts(plan, each, bill) if plan is not None and bill is not None else ZERO
        attached = Attached.of(plan) if plan is not None else None
        warned = said + unjoined(joins, draft) + stop_beyond_band(plan, situation)
        warned += remarks(situation, parts=len(plan.parts) if plan is not None else 1)
        closes = situation.closable if situation.reduces else None
        figures = ExitFigures.of(draft, situation.positions, situation.holdings, price, situation.paid)
        return Proposal(
            confirmation=confirmation, account=account, draft=draft,
            price=price, value=value, margin=margin.required, cash=cash,
            cash_after=cash - situation.margin if cash is not None and situation.margin is not None else None,
            charges=bill.total + more if bill else None,
            charges_unknown=tuple(name.say for name in ChargeName if name in bill.unknown) if bill else (),
            charges_both=both.total + more * 2 if both else None,
            break_even=both.break_even.move if both and both.break_even else None,
            break_even_ticks=both.break_even.ticks if both and both.break_even else None,
            proceeds=proceeds(draft, value, bill),
            loan=self.costs.loan(draft, value, margin) if closes is None else None,
            closes=closes,
            figures=figures if closes is not None else None,
            opens=closed_until(situation),
            evening=evening_limit(draft, price, attached) if self.interpreter.evenings else None,
            monthly=self.instruments.is_monthly(draft.instrument) if draft.instrument.is_derivative else None,
            warnings=warned,
            before=before,
            redrawn=redrawn,
            raising=raising(joins, draft, plan) if joins is not None and joins.fits else None,
            attached=attached,
            stopped_at=loss_if_stopped(attached, draft, price) if attached is not None else None,
        )  # fmt: skip
