"""The rows of a list of exits: what each is licensed for, in which order they go, and in how many slices."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from bot.domain.clock import ist_date
from bot.domain.errors import ChoiceWanted
from bot.domain.exits.exit_list import ExitRow, Slice
from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Price
from bot.domain.money import tick_down, tick_up
from bot.domain.orders.band_edge import day_edges, no_further
from bot.domain.orders.order import Order, OrderDraft
from bot.domain.people.account import Account, Actor, Permission
from bot.domain.plans.plan import cut
from bot.domain.positions.portfolio import Position, PositionLine
from bot.domain.terms import OrderKind, Product, Side
from bot.domain.value import value
from bot.trading.exit_lists.exit_names import command, named
from bot.trading.exit_runs.exit_runner import ExitRunner
from bot.trading.orders.cover import covers, uncovers
from bot.trading.proposals.proposal_builder import ProposalBuilder

PANIC_SLABS = 3  # between the price at the tap and the worst price that a panic may name
OF_PANIC = (Product.MIS, Product.NRML)


@value
class ExitRows:
    """Builds rows from what is open now."""

    proposing: ProposalBuilder
    runner: ExitRunner

    async def of(self, account_id: str, meant: Sequence[tuple[PositionLine, int]], *, slabs: int) -> tuple[ExitRow, ...]:
        """A row for each position, those that cover others behind them, with the slices that the freeze allows."""
        ordered = sorted(meant, key=lambda each: not _is_short_option(each[0].position))
        prices = await self.proposing.prices.of_all(account_id, {line.position.instrument.key for line, _ in meant})
        rows: list[ExitRow] = []
        leg = 0
        for number, (line, quantity) in enumerate(ordered):
            position = line.position
            side = Side.SELL if position.quantity > 0 else Side.BUY
            price = prices.get(position.instrument.key)
            draft = await self.licence(account_id, closing_draft(position, quantity), price, slabs)
            pieces = tuple(
                Slice(leg=leg + place, quantity=size) for place, size in enumerate(self._sizes(position.instrument, quantity))
            )
            leg += len(pieces)
            after = tuple(
                other for other, (short, _) in enumerate(ordered) if other < number and covers(position, short.position)
            )
            rows.append(self.dated(ExitRow(number=number, draft=draft, slices=pieces, after=after, seen=_best(price, side))))
        return tuple(rows)

    async def with_entries(self, account: Account, rows: tuple[ExitRow, ...], entries: Sequence[Order]) -> tuple[ExitRow, ...]:
        """The rows with what the entry orders may still open: what fills before its cancel is closed as well."""
        prices = await self.proposing.prices.of_all(account.id, {order.draft.instrument.key for order in entries})
        grown = list(rows)
        for order in entries:
            draft = order.draft
            if draft.product not in OF_PANIC:
                continue
            place, side = (draft.instrument.key, draft.product), draft.side.opposite
            same = next((row for row in grown if row.place == place and row.draft.side is side), None)
            if same is not None:
                grown[same.number] = replace(same, draft=replace(same.draft, quantity=same.draft.quantity + order.pending))
            elif all(row.place != place for row in grown):
                price = prices.get(draft.instrument.key)
                whole = OrderDraft(
                    instrument=draft.instrument, side=side, quantity=order.pending, kind=OrderKind.MARKET, product=draft.product
                )
                licence = await self.licence(account.id, whole, price, PANIC_SLABS)
                grown.append(ExitRow(number=len(grown), draft=licence, slices=(), seen=_best(price, side)))
        return tuple(grown)

    def _sizes(self, instrument: Instrument, quantity: int) -> list[int]:
        freeze = self.proposing.rules.freeze(instrument, ist_date(self.proposing.clock.now()))
        most = freeze.quantity // instrument.lot * instrument.lot if freeze is not None else quantity
        return cut(quantity, max(most, instrument.lot))

    async def alone(self, account: Account, draft: OrderDraft) -> ExitRow:
        """The row of one exit, licensed at its own price, or at the worst one of now where it names none."""
        prices = await self.proposing.prices.of_all(account.id, {draft.instrument.key})
        price = prices.get(draft.instrument.key)
        if draft.price is None or draft.protected:
            bare = replace(draft, kind=OrderKind.MARKET, price=None, protected=False)
            draft = await self.licence(account.id, bare, price, 1)
        pieces = tuple(Slice(leg=leg, quantity=size) for leg, size in enumerate(self._sizes(draft.instrument, draft.quantity)))
        return self.dated(ExitRow(number=0, draft=draft, slices=pieces, seen=_best(price, draft.side)))

    def dated(self, row: ExitRow) -> ExitRow:
        """The row with the hours of its share's closing auction."""
        hours = self.runner.auction.hours(row.draft.instrument)
        return row if hours is None else replace(row, opens=hours.opens, rests_until=hours.over)

    async def licence(self, account_id: str, row: OrderDraft, price: Price | None, slabs: int) -> OrderDraft:
        """The licence of a row: no worse than so many slabs from the price of now. Without a price it is at the market.

        In the closing auction it is the edge of the auction's band.
        """
        auction = self.runner.auction
        if auction.takes_exits(row.instrument):
            edge = await auction.edge(account_id, row.instrument, row.side, price.last if price is not None else None)
            if edge is not None:
                return self._in_band(replace(row, kind=OrderKind.LIMIT, price=edge, protected=True), price)
        best = _best(price, row.side)
        if price is None or best is None or best <= 0:
            return row
        worst = self.runner.sending.protected(row, price)
        bound, tick = best + (worst - best) * slabs, row.instrument.tick
        bound = tick_down(bound, tick) if row.side is Side.BUY else max(tick_up(bound, tick), tick)
        return self._in_band(replace(row, kind=OrderKind.LIMIT, price=bound, protected=True), price)

    def _in_band(self, licence: OrderDraft, price: Price | None) -> OrderDraft:
        today = ist_date(self.proposing.clock.now())
        return no_further(licence, day_edges(self.proposing.rules, licence.instrument, price, today))


def left_bare(meant: Sequence[tuple[Position, int]], positions: Sequence[Position]) -> Instrument | None:
    """A short option outside the list that its exits leave with less cover."""
    shorts = [each for each in meant if _is_short_option(each[0])]
    after = list(positions)
    for position, quantity in (*shorts, *(each for each in meant if each not in shorts)):
        draft = closing_draft(position, quantity)
        if not _is_short_option(position) and (bare := uncovers(draft, after)) is not None:
            return bare
        after = [_less(each, draft) for each in after]
    return None


def demand_no_cover(actor: Actor, position: Position, quantity: int, positions: Sequence[Position]) -> None:
    """ChoiceWanted where closing so much of a position leaves a short option with less cover.

    Whoever may only reduce is not offered to leave it bare.
    """
    if quantity < 1 or quantity % position.instrument.lot:
        return
    bare = uncovers(closing_draft(position, quantity), positions)
    covered = next(
        (each for each in positions if bare is not None and each.instrument.key == bare.key and each.quantity < 0), None
    )
    if covered is None:
        return
    near = [("Short first", command(covered)), ("Both", f"{command(position)} both")]
    near += [("Only this", f"{command(position)} only")] if actor.may(Permission.OPEN) else []
    raise ChoiceWanted(f"This covers {named(covered)}.", near=near)


def opens(order: Order, positions: Sequence[Position]) -> bool:
    """Whether a working order is an entry: it opens, grows or turns over what is open. A sale in delivery never is."""
    draft = order.draft
    if draft.product not in OF_PANIC:
        return draft.side is Side.BUY
    held = sum(
        each.quantity for each in positions if (each.instrument.key, each.product) == (draft.instrument.key, draft.product)
    )
    return -held * draft.side.sign < order.pending


def _is_short_option(position: Position) -> bool:
    return position.instrument.right is not None and position.quantity < 0


def _less(position: Position, draft: OrderDraft) -> Position:
    mine = (position.instrument.key, position.product) == (draft.instrument.key, draft.product)
    return replace(position, quantity=position.quantity + draft.side.sign * draft.quantity) if mine else position


def _best(price: Price | None, side: Side) -> Decimal | None:
    if price is None:
        return None
    return (price.ask if side is Side.BUY else price.bid) or price.last


def closing_draft(position: Position, quantity: int) -> OrderDraft:
    """An order that closes so much of a position, for arithmetic alone."""
    side = Side.SELL if position.quantity > 0 else Side.BUY
    return OrderDraft(
        instrument=position.instrument, side=side, quantity=quantity, kind=OrderKind.MARKET, product=position.product
    )
