"""Changes the product of an open position: asks, sends once, and believes the position book alone."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError, CheckFailed, ChoiceWanted, ConfirmationGone, NotSent, Refused, TooFast
from bot.domain.exits.closing import ClosingRow, closing_row
from bot.domain.exits.exit_choice import chosen
from bot.domain.market.display_names import short
from bot.domain.market.instrument import Instrument
from bot.domain.money import grouped
from bot.domain.news.orders.conversions import ConversionUnclear, Converted
from bot.domain.orders.confirmation import Confirmation, Purpose
from bot.domain.orders.order import OrderDraft
from bot.domain.people.account import Actor, Permission
from bot.domain.plans.plan import Plan
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.conversion import (
    LOOKED_FOR,
    Conversion,
    ConversionCard,
    ConversionState,
    converted_draft,
    new_product,
    old_product,
)
from bot.domain.positions.portfolio import Position, PositionLine
from bot.domain.terms import OrderKind, Product, Side
from bot.domain.value import value
from bot.runtime.background import BackgroundTasks
from bot.trading.account.account_views import AccountViews
from bot.trading.actor import account_of, demand_role
from bot.trading.converting.margins import product_margins
from bot.trading.exits.live_exit import LiveExit
from bot.trading.orders.sending import Answered
from bot.trading.safety.announce import tell_others

log = logging.getLogger(__name__)

LOOKS = (0.3, 0.7, 1.0, 2.0)  # seconds between the looks that the person waits for
A_DAY = timedelta(hours=12)
LATER = 2.0  # seconds between the looks after those
EXAMPLE = "/convert RELIANCE cnc"
_ANY = frozenset(Product)
_OVER_NIGHT = _ANY - {Product.MIS}
_WORDS = {
    **dict.fromkeys(("cnc", "delivery", "del"), frozenset({Product.CNC})),
    **dict.fromkeys(("mis", "intra", "intraday"), frozenset({Product.MIS})),
    **dict.fromkeys(("nrml", "co", "carryforward"), frozenset({Product.NRML})),
    "carry": _OVER_NIGHT,
    "mtf": frozenset({Product.MTF}),
}
_NO = "You may not change what is held here."


@value
class Conversions:
    """The question, its one request, and the looks for what became of it."""

    views: AccountViews
    exits: LiveExit
    background: BackgroundTasks
    clock: Clock
    closes_at: Callable[[Instrument, Product, datetime], datetime | None]  # when the broker closes such a position itself

    async def ask(self, actor: Actor, words: str, *, chat_id: int) -> ConversionCard:
        """The card of one conversion. ChoiceWanted where the words leave something open, CheckFailed where it cannot be."""
        account, connection = self.exits.proposing.connection(actor)
        into, rest = _target(words)
        lines = [line for line in (await self.views.positions(actor)).lines if line.position.is_open]
        choice = chosen(rest, lines)
        line, becomes = _one(choice.lines, into)
        position, price = line.position, line.price.last if line.price is not None else None
        quantity = choice.of(line)
        if not quantity:
            raise CheckFailed([f"That is less than one lot of {position.instrument.lot}. Nothing was changed."])
        row, plans = await self._in_the_way(account.id, position)
        _demand_free(row, position, quantity)
        margins = await product_margins(connection, position, becomes, quantity, price)
        funds = await self.exits.proposing.funds(connection)
        draft = converted_draft(position, becomes, quantity)
        question = self.exits.proposing.confirmations.new(actor, chat_id, Purpose.CONVERT, draft=draft)

        def store(db: Repositories) -> None:
            demand_role(db, actor, Permission.OPEN, _NO)
            db.confirmations.add(question)

        await self.exits.store.transaction(store)
        touched = quantity == abs(position.quantity)
        targets = [plan.target_price for plan in plans if touched]
        return ConversionCard(
            confirmation=question,
            account=account,
            position=position,
            to=becomes,
            quantity=quantity,
            blocks=margins.now,
            needs=margins.then,
            cash=funds.available if funds is not None else None,
            squared_off_at=self.closes_at(position.instrument, Product.MIS, self.clock.now()),
            stops=row.guards if touched else (),
            targets=tuple(each for each in targets if each is not None),
        )

    async def confirm(
        self, actor: Actor, token: str, *, chat_id: int, message_id: int, answered: Answered | None = None
    ) -> Conversion:
        """Claims the question and sends its one request. The conversion as the positions have it after a few seconds.

        ConfirmationGone when the question is not open to this tap, CheckFailed when the position is another one by now.
        """
        _, connection = self.exits.proposing.connection(actor)
        account = account_of(actor)

        def asked(db: Repositories) -> Confirmation:
            demand_role(db, actor, Permission.OPEN, _NO)
            fits = frozenset({Purpose.CONVERT})
            return self.exits.proposing.confirmations.open_one(db, actor, token, chat_id, message_id, fits=fits)

        question = await self.exits.store.transaction(asked)
        draft = question.draft
        if draft is None or question.account_id != account.id:
            raise ConfirmationGone("This card belongs to another account. Nothing was changed.")

        async def act() -> Conversion:
            async with self.exits.turn(account.id, draft):  # no exit of the row is placed while it changes its product
                positions = await connection.broker.positions()
                found = _position(positions, draft, old_product(draft))
                row, plans = await self._in_the_way(account.id, found) if found is not None else (None, [])
                seen = _Seen(positions=positions, position=found, row=row, plans=plans)
                made = await self.exits.store.transaction(lambda db: self._claim(db, actor, question, draft, seen))
                if answered is not None:
                    await answered()
                made = await self._sent(made, seen)
            return await self._looked_for(made, LOOKS)

        made: Conversion = await asyncio.shield(self.background.start(act(), f"conversion {token}"))
        if made.state in (ConversionState.SENT, ConversionState.UNCLEAR):
            self.background.start(self.carry_on(made), f"conversion {token}")
        return made

    async def carry_on(self, made: Conversion) -> None:
        """Looks for one whose end is not known until it is seen, or its time is over."""
        while made.state in (ConversionState.SENT, ConversionState.UNCLEAR):
            await asyncio.sleep(LATER)
            made = await self._looked_for(made, (0.0,))

    async def run(self) -> None:
        """Takes up what was under way when the process ended."""
        for made in await self.exits.store.transaction(lambda db: list(db.conversions.alive())):
            cut_off = replace(made, state=ConversionState.UNCLEAR, said=made.said or "I was restarted before its answer came.")
            self.background.start(self.carry_on(cut_off), f"conversion {made.id}")

    async def _in_the_way(self, account_id: str, position: Position) -> tuple[ClosingRow, list[Plan]]:
        """The orders that close the position, and the plans that hold something for it."""
        side = Side.SELL if position.quantity > 0 else Side.BUY
        lot = position.instrument.lot
        way_out = OrderDraft(
            instrument=position.instrument, side=side, quantity=lot, kind=OrderKind.MARKET, product=position.product
        )

        def read(db: Repositories) -> tuple[ClosingRow, list[Plan]]:
            now = self.clock.now()
            orders = db.orders.lately(account_id, ist_date(now), now)
            place = (position.instrument.key, position.product, side)
            plans = [
                plan
                for plan in db.plans.alive()
                if plan.account_id == account_id and plan.entries and any(_place(leg.draft) == place for leg in plan.legs)
            ]
            return closing_row(way_out, abs(position.quantity), orders), plans

        return await self.exits.store.transaction(read)

    def _claim(self, db: Repositories, actor: Actor, question: Confirmation, draft: OrderDraft, seen: "_Seen") -> Conversion:
        """The question is answered, and the conversion stored as sent, in one transaction before anything leaves."""
        now, held = self.clock.now(), seen.position
        demand_role(db, actor, Permission.OPEN, _NO)
        if held is None or seen.row is None or held.quantity * draft.side.sign < draft.quantity:
            raise CheckFailed([f"The position changed since this card: {_held(held)}. Nothing was changed."])
        _demand_free(seen.row, held, draft.quantity)
        self.exits.proposing.confirmations.claim(db, question)
        there = _position(seen.positions, draft, draft.product)
        made = Conversion(
            id=question.token,
            account_id=question.account_id,
            by=actor.user.telegram_id,
            name=actor.user.name,
            instrument=held.instrument,
            product=held.product,
            to=draft.product,
            quantity=draft.quantity,
            side=draft.side,
            was=held.quantity,
            was_there=there.quantity if there is not None else 0,
            began_at=now,
        )
        db.conversions.add(made)
        if draft.quantity == abs(held.quantity):
            for plan in seen.plans:  # its legs name a product in which nothing is open then
                db.plans.end(plan.id, "converted")
        terms = f"{draft.quantity} {draft.instrument.name} {held.product} to {draft.product}"
        db.audit.add(now, made.by, "convert", made.account_id, before=f"{held.quantity} {held.product}", after=terms)
        return made

    async def _sent(self, made: Conversion, seen: "_Seen") -> Conversion:
        """Cancels the stops that would open the other side afterwards, then sends the one request."""
        position, row = seen.position, seen.row
        if position is None or row is None:
            return await self._save(made, ConversionState.REFUSED, "It is not open any more.")
        if made.quantity > row.unguarded:
            for guard in row.guards:
                if not await self.exits.cancelled(guard, by=made.by):
                    return await self._save(made, ConversionState.REFUSED, f"Its stop #{guard.number} could not be cancelled.")
                made = replace(made, unguarded=made.unguarded + guard.pending)
        state, said = ConversionState.SENT, ""
        try:
            await self.exits.connections.of(made.account_id).broker.convert(position, made.to, made.quantity)
        except (NotSent, TooFast, Refused) as error:
            state, said = ConversionState.REFUSED, error.say
        except BrokerError as error:
            log.warning("conversion %s: no clear answer (%s)", made.id, type(error).__name__)
            said = error.say
        return await self._save(made, state, said)

    async def _looked_for(self, made: Conversion, pauses: Sequence[float]) -> Conversion:
        """The conversion after these looks at the positions: done, still not seen, or given up after its time."""
        for pause in pauses:
            if made.state not in (ConversionState.SENT, ConversionState.UNCLEAR):
                return made
            await asyncio.sleep(pause)
            try:
                positions = await self.exits.connections.of(made.account_id).broker.positions()
            except BrokerError as error:
                log.info("conversion %s: the positions could not be read: %s", made.id, type(error).__name__)
                if self.clock.now() - made.began_at >= A_DAY:  # the book is another day's by now
                    return await self._save(made, ConversionState.NOT_SEEN, made.said)
                continue
            if made.is_in(positions):
                return await self._save(made, ConversionState.DONE, "")
            if self.clock.now() - made.began_at >= LOOKED_FOR:
                return await self._save(made, ConversionState.NOT_SEEN, made.said)
        if made.state in (ConversionState.SENT, ConversionState.UNCLEAR):
            return await self._save(made, ConversionState.UNCLEAR, made.said or "mStock took it; the positions do not show it.")
        return made

    async def _save(self, made: Conversion, state: ConversionState, said: str) -> Conversion:
        """The state in the store, with its news. Whoever tapped reads it on the card unless it comes later than that."""
        becomes = replace(made, state=state, said=said)
        late = made.state is ConversionState.UNCLEAR and state is not ConversionState.UNCLEAR
        await self.exits.store.owe(partial(self._write, made=becomes, was=made, late=late))
        return becomes

    def _write(self, db: Repositories, *, made: Conversion, was: Conversion, late: bool) -> None:
        known = db.conversions.find(made.id)
        if known is None or known.state in (ConversionState.DONE, ConversionState.REFUSED, ConversionState.NOT_SEEN):
            return
        db.conversions.save(made)
        db.confirmations.owe_answer(made.id)
        now = self.clock.now()
        people = db.people.watching(made.account_id)
        match made.state:
            case ConversionState.UNCLEAR if known.state is ConversionState.SENT:
                db.outbox.add(made.account_id, people, ConversionUnclear(conversion=made), now, order_id=None)
            case ConversionState.DONE | ConversionState.REFUSED | ConversionState.NOT_SEEN:
                db.audit.add(now, made.by, "convert result", made.account_id, before=was.state, after=made.state)
                if late:
                    db.outbox.add(made.account_id, people, Converted(conversion=made), now, order_id=None)
                else:
                    tell_others(db, made.account_id, {made.by}, Converted(conversion=made), now)
            case _:
                pass


@value
class _Seen:
    """What the books said when the tap came."""

    positions: Sequence[Position]
    position: Position | None
    row: ClosingRow | None
    plans: list[Plan]


def _target(words: str) -> tuple[frozenset[Product], str]:
    """The products that the last words ask for, any of them where they ask for none, and the other words."""
    into, tokens = _ANY, [token for token in words.split() if token.lower() not in ("to", "into", "as")]
    while len(tokens) > 1 and (asked := into & _WORDS.get(tokens[-1].lower(), frozenset())):
        into, tokens = asked, tokens[:-1]
    return into, " ".join(tokens)


def _one(lines: Sequence[PositionLine], into: frozenset[Product]) -> tuple[PositionLine, Product]:
    """The one position that is meant, and what it becomes. ChoiceWanted where there are several, CheckFailed where none can."""
    fits = [(line, becomes) for line in lines if (becomes := new_product(line.position)) is not None and becomes in into]
    if not fits:
        raise CheckFailed([" ".join([*(_why_not(line.position, into) for line in lines), "Nothing was changed."])])
    if len(fits) > 1:
        near = [
            (f"{line.position.instrument.name} {line.position.product} → {becomes}", _command(line.position, becomes))
            for line, becomes in fits
        ]
        raise ChoiceWanted("Which of them?", near=near)
    return fits[0]


def _command(position: Position, to: Product) -> str:
    return f"/convert {position.instrument.name} {to.lower()}"


def _why_not(position: Position, into: frozenset[Product]) -> str:
    """Why a position becomes none of these products."""
    becomes, product = new_product(position), position.product
    if product in into and into != _ANY:
        stays = " It needs no carry: only intraday is squared off." if product in _OVER_NIGHT else ""
        return f"{short(position.instrument)} is {product} already.{stays}"
    if becomes is None and product is Product.MIS:
        return "A share sold short cannot be carried: it has to be bought back today."
    where = f" It can become {becomes}." if becomes is not None else ""
    other = "another product" if into == _ANY else " or ".join(sorted(into))
    return f"{product} cannot be converted to {other} here.{where}"


def _demand_free(row: ClosingRow, position: Position, quantity: int) -> None:
    """CheckFailed where orders of the old product would close, or open, what is converted."""
    if row.others:
        numbers = " and ".join(f"#{order.number}" for order in row.others)
        raise CheckFailed([f"{numbers} may be closing it: cancel that first, then convert. Nothing was changed."])
    if quantity > row.unguarded and quantity < abs(position.quantity):
        numbers = " and ".join(f"#{order.number}" for order in row.guards)
        free = max(row.unguarded, 0)
        raise CheckFailed([f"Stop {numbers} guards all but {free} of it. Convert all of it, or lower the stop first."])


def _position(positions: Sequence[Position], draft: OrderDraft, product: Product) -> Position | None:
    return next((each for each in positions if (each.instrument.key, each.product) == (draft.instrument.key, product)), None)


def _held(position: Position | None) -> str:
    return f"{grouped(str(position.quantity))} {position.product} are open" if position is not None else "nothing is open"


def _place(draft: OrderDraft) -> tuple[object, Product, Side]:
    return draft.instrument.key, draft.product, draft.side
