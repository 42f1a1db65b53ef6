"""From what a person asked to a complete order in legal shape.

Every guess becomes a choice of buttons.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import CheckFailed, ChoiceWanted, UsageError
from bot.domain.exits.closing import POSSIBLY_WORKING, closes_same
from bot.domain.market.display_names import label, short
from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Price
from bot.domain.market.rules import MarketRules
from bot.domain.money import grouped, in_figures, in_price, on_tick, tick_down, tick_up
from bot.domain.orders.band_edge import day_edges
from bot.domain.orders.order import Order, OrderDraft, OrderRequest
from bot.domain.orders.order_text import plain, request_line
from bot.domain.positions.portfolio import Holding, Position
from bot.domain.proposals.proposal import Remark
from bot.domain.terms import OrderKind, Product, Side, Validity
from bot.domain.value import positional, value

WIDE_CASH, WIDE_OTHER = Decimal("0.005"), Decimal("0.03")  # of the mid price
OLD = timedelta(seconds=60)
WIDE_OR_OLD = "wide_or_old"  # the name of the remark that a limit at mid stands where a market order was meant
FEW = 20  # units of a contract that may have been meant as lots
_INTRADAY = ("Intraday (MIS)", Product.MIS)
# The products that shares and contracts do not have, those that they do, and whose the former are.
_OF_SHARES = ((Product.NRML,), (("Delivery (CNC)", Product.CNC), _INTRADAY), "contracts, and {} is a share")
_OF_CONTRACTS = (
    (Product.CNC, Product.MTF),
    (("Carry-forward (NRML)", Product.NRML), _INTRADAY),
    "shares, and {} is a contract",
)


@value
class Pricing:
    """How the order is bound to a price, and what a person should know about that."""

    kind: OrderKind
    price: Decimal | None = None
    trigger: Decimal | None = None
    protected: bool = False
    remarks: tuple[Remark, ...] = ()


@positional
class Drafting:
    """The rules by which words become a draft."""

    rules: MarketRules
    clock: Clock

    def draft(
        self,
        request: OrderRequest,
        instrument: Instrument,
        price: Price | None,
        product: Product,
        *,
        judged: bool = True,
    ) -> tuple[OrderDraft, tuple[Remark, ...]]:
        """A legal draft. ChoiceWanted where a figure fits no lot or tick, CheckFailed where no price can be named.

        judged: a market price that is old, or whose spread is wide, becomes a limit at mid.
        """
        pricing = self.pricing(request, instrument, price, judged=judged)
        quantity = self.quantity(request, instrument, pricing, price)
        demand_shown(request, instrument, quantity)
        draft = OrderDraft(
            instrument=instrument,
            side=request.side,
            quantity=quantity,
            kind=pricing.kind,
            product=product,
            price=pricing.price,
            trigger=pricing.trigger,
            validity=request.validity,
            protected=pricing.protected,
            disclosed=request.disclosed,
        )
        return draft, pricing.remarks

    def pricing(self, request: OrderRequest, instrument: Instrument, price: Price | None, *, judged: bool = True) -> Pricing:
        """Kind and prices in rupees, on the tick."""
        if request.trigger is not None:
            return self._stop(request, instrument)
        if request.market:
            return Pricing(kind=OrderKind.MARKET)
        if request.price is not None:
            self._need_tick(request, instrument, request.price, "price")
            return Pricing(kind=OrderKind.LIMIT, price=request.price)
        return self._protected(request.side, instrument, price, judged=judged)

    def _stop(self, request: OrderRequest, instrument: Instrument) -> Pricing:
        trigger = request.trigger
        if trigger is None:  # told by the caller; kept for the type checker
            raise UsageError("A stop needs a trigger.", example="/sell RELIANCE 10 stop 1450")
        self._need_tick(request, instrument, trigger, "trigger")
        if request.market:
            if self.rules.offers_slm(instrument, ist_date(self.clock.now())):
                return Pricing(kind=OrderKind.SL_M, trigger=trigger)
            raise ChoiceWanted(
                f"{instrument.exchange} takes no stop-market order of {short(instrument)}: a stop needs a worst price.",
                near=[("Stop with a worst price", request_line(replace(request, market=False)))],
            )
        limit = request.trigger_limit
        if limit is None:
            limit = self.rules.stop_limit(
                side=request.side, kind=instrument.kind, trigger=trigger, tick=instrument.tick, on=ist_date(self.clock.now())
            )
        self._need_tick(request, instrument, limit, "trigger_limit")
        beyond = limit < trigger if request.side is Side.BUY else limit > trigger
        if beyond:
            side = "below" if request.side is Side.BUY else "above"
            raise CheckFailed([f"The limit {in_price(limit)} is {side} the trigger {in_price(trigger)}: it could not fill."])
        return Pricing(kind=OrderKind.SL, price=limit, trigger=trigger)

    def _protected(self, side: Side, instrument: Instrument, price: Price | None, *, judged: bool) -> Pricing:
        if price is None:
            raise CheckFailed([f"No price of {short(instrument)} is known now, so no worst price can be named. Give a limit."])
        bid, ask = price.bid, price.ask
        if bid is not None and ask is not None:
            mid = (bid + ask) / 2
            wide = ask - bid > mid * (WIDE_OTHER if instrument.is_derivative else WIDE_CASH)
            old = price.at is None or self.clock.now() - price.at > OLD  # a time that nobody knows counts as old
            if judged and (wide or old):
                late = "Last trade is over a minute old" if price.at is not None else "Age of the price is not known"
                why = "Wide spread" if wide else late
                rounded = tick_up(mid, instrument.tick) if side is Side.SELL else tick_down(mid, instrument.tick)
                remark = Remark(name=WIDE_OR_OLD, say=f"{why}: limit at mid, not market")
                return Pricing(kind=OrderKind.LIMIT, price=max(rounded, instrument.tick), remarks=(remark,))
        best = Price(last=price.last, bid=bid or price.last, ask=ask or price.last)
        worst = self.rules.protected_price(
            side=side,
            kind=instrument.kind,
            bid=best.bid,
            ask=best.ask,
            tick=instrument.tick,
            on=ist_date(self.clock.now()),
        )
        told = () if bid and ask else (Remark(name="no_depth", say="No bid and ask seen: priced from the last trade"),)
        low_high = day_edges(self.rules, instrument, price, ist_date(self.clock.now()))
        if low_high is not None and not low_high[0] <= worst <= low_high[1]:
            worst = min(max(worst, low_high[0]), low_high[1])
            told = (*told, Remark(name="band_edge", say=f"{in_price(worst)} is the edge of the day's band: it goes no further"))
        return Pricing(kind=OrderKind.LIMIT, price=worst, protected=True, remarks=told)

    def _need_tick(self, request: OrderRequest, instrument: Instrument, price: Decimal, field: str) -> None:
        if price <= 0:
            raise UsageError(
                f"{in_price(price)} is no price.", example=f"/buy {instrument.symbol} 10 @{plain(instrument.tick * 1000)}"
            )
        if on_tick(price, instrument.tick):
            return
        near = dict.fromkeys((tick_down(price, instrument.tick), tick_up(price, instrument.tick)))
        raise ChoiceWanted(
            f"{in_price(price)} is between ticks: {short(instrument)} moves in steps of {in_price(instrument.tick)}.",
            near=[(in_price(each), request_line(_with(request, field, each))) for each in near if each > 0],
        )

    def quantity(self, request: OrderRequest, instrument: Instrument, pricing: Pricing, price: Price | None) -> int:
        """Shares or units, a whole number of lots."""
        lot = instrument.lot
        if request.lots is not None:
            return request.lots * lot
        if request.rupees is not None:
            each = pricing.price or (price.last if price else None)
            if each is None:
                raise CheckFailed([f"No price of {short(instrument)} is known now: give a quantity."])
            count = int((request.rupees / (each * lot)).to_integral_value(ROUND_FLOOR)) * lot
            if count == 0:
                raise CheckFailed(
                    [f"₹{in_figures(request.rupees)} does not buy {'one lot' if lot > 1 else 'one share'} at {in_price(each)}."]
                )
            return count
        if request.quantity is None:
            raise UsageError("How many?", example=f"/{request.side.lower()} {instrument.symbol} {lot}")
        if request.quantity < 1:
            raise UsageError(
                f"{request.quantity} is not a quantity.", example=f"/{request.side.lower()} {instrument.symbol} {lot}"
            )
        if request.quantity % lot:
            below = request.quantity // lot
            meant = request.quantity if request.quantity <= min(lot, FEW) else 0  # so few units were lots
            name = label(instrument, today=ist_date(self.clock.now()))
            raise ChoiceWanted(
                f"{name} trades in lots of {lot}; {grouped(str(request.quantity))} is no whole number of lots.",
                near=[
                    (
                        f"{count} lot{'s' if count > 1 else ''} = {grouped(str(count * lot))}",
                        request_line(replace(request, quantity=count * lot)),
                    )
                    for count in dict.fromkeys((below, below + 1, meant))
                    if count
                ],
            )
        return request.quantity


def least_shown(quantity: int) -> int:
    """Shares that mStock wants to be shown at least: three tenths of the order (mstock-type-b.md 5.2)."""
    return -(-quantity * 3 // 10)


def demand_shown(request: OrderRequest, instrument: Instrument, quantity: int) -> None:
    """ChoiceWanted where the disclosed quantity is none that the exchange or the broker takes."""
    shown = request.disclosed
    if shown is None:
        return
    whole = ("Show all of it", request_line(replace(request, disclosed=None)))
    if instrument.is_derivative:
        raise ChoiceWanted("Futures and options have no disclosed quantity: the whole order stands in the book.", near=[whole])
    if request.validity is Validity.IOC or request.market:
        raise ChoiceWanted(
            "What fills at once shows nothing in the book: a disclosed quantity needs a resting order.", near=[whole]
        )
    least = least_shown(quantity)
    if not least <= shown <= quantity:
        why = f"at least {grouped(str(least))} of {grouped(str(quantity))} (30 %)" if shown < least else f"at most {quantity}"
        part = (f"Show {grouped(str(least))}", request_line(replace(request, disclosed=least)))
        raise ChoiceWanted(f"mStock wants {why} to be shown.", near=[part, whole])


def sized(request: OrderRequest, quantity: int) -> OrderRequest:
    """The request for another quantity. What it shows stays within what may be shown."""
    shown = request.disclosed
    if shown is not None:
        shown = min(quantity, max(shown, least_shown(quantity)))
    return replace(request, quantity=quantity, lots=None, rupees=None, portion=None, risk=None, disclosed=shown)


def _with(request: OrderRequest, field: str, price: Decimal) -> OrderRequest:
    match field:
        case "price":
            return replace(request, price=price)
        case "trigger":
            return replace(request, trigger=price)
        case _:
            return replace(request, trigger_limit=price)


def product_of(
    request: OrderRequest,
    instrument: Instrument,
    positions: Sequence[Position],
    holdings: Sequence[Holding],
    *,
    may_open: bool = True,
) -> Product:
    """The product of an order that names none: never the last used, and a short is never a default.

    ChoiceWanted when a cash sale has more than one reading. may_open False: somebody who may only reduce is offered no short.
    """
    misfits, ways, what = _OF_CONTRACTS if instrument.is_derivative else _OF_SHARES
    if request.product in misfits:
        raise ChoiceWanted(
            f"{request.product} is for {what.format(short(instrument))}. Nothing was sent.",
            near=[(label, request_line(replace(request, product=product))) for label, product in ways],
        )
    if request.product is not None:
        return request.product
    if instrument.is_derivative:
        return _carried(request, instrument, positions) or Product.NRML
    if request.side is Side.BUY:
        return Product.CNC
    readings: list[tuple[str, Product]] = []
    for position in positions:
        if position.instrument.key == instrument.key and position.quantity > 0:
            name = {Product.MIS: "Close intraday", Product.CNC: "Bought today", Product.MTF: "Close MTF"}.get(
                position.product, f"Close {position.product}"
            )
            readings.append((f"{name} {grouped(str(position.quantity))}", position.product))
    readings.extend(
        (f"From holdings {grouped(str(holding.sellable))}", Product.CNC)
        for holding in holdings
        if holding.instrument.key == instrument.key and holding.sellable
    )
    pledged = sum(holding.collateral for holding in holdings if holding.instrument.key == instrument.key)
    if pledged and not readings:
        raise CheckFailed([f"{grouped(str(pledged))} {instrument.symbol} are pledged: unpledge them in the mStock app first."])
    products = {product for _, product in readings}
    if len(products) == 1:
        return products.pop()
    if not may_open and not products:
        raise CheckFailed([f"Nothing of {short(instrument)} is held: there is nothing to make smaller."])
    if may_open:
        readings.append((f"New intraday short {request.quantity or ''}".strip(), Product.MIS))
    said = "Nothing of it is held." if not products else "It is held in more than one way."
    raise ChoiceWanted(
        f"{said} What is this sale?",
        near=[(label, request_line(replace(request, product=product))) for label, product in readings],
    )


def of_held(
    request: OrderRequest, instrument: Instrument, positions: Sequence[Position], holdings: Sequence[Holding]
) -> OrderRequest:
    """A size by what is held as a number. ChoiceWanted when it is held in more than one way, CheckFailed when not at all."""
    portion, sign = request.portion, request.side.sign
    there: dict[Product, int] = {}
    for position in positions:
        if position.instrument.key == instrument.key and position.quantity * sign < 0 and not position.is_sold_holding:
            there[position.product] = there.get(position.product, 0) + abs(position.quantity)
    if request.side is Side.SELL:
        for holding in holdings:
            if holding.instrument.key == instrument.key and holding.sellable:
                sold = sum(row.quantity for row in positions if row.instrument.key == instrument.key and row.is_sold_holding)
                there[Product.CNC] = there.get(Product.CNC, 0) + max(0, holding.sellable + sold)
    sizes = {product: portion.of(held, instrument.lot) for product, held in there.items()} if portion is not None else {}
    left = {product: size for product, size in sizes.items() if size and request.product in (None, product)}
    if not left:
        way = f" as {request.product}" if request.product is not None else ""
        act = "sell" if request.side is Side.SELL else "buy back"
        raise CheckFailed([f"There is no {short(instrument)} to {act}{way}."])
    if len(left) > 1:
        near = [
            (f"{product} {size}", request_line(replace(request, product=product, quantity=size, portion=None)))
            for product, size in left.items()
        ]
        raise ChoiceWanted("It is held in more than one way.", near=near)
    product, size = left.popitem()
    return replace(request, product=product, quantity=size, portion=None)


def _carried(request: OrderRequest, instrument: Instrument, positions: Sequence[Position]) -> Product | None:
    """The product of the one open position that this order would make smaller. An exit must use it (mstock-type-b.md 5.2)."""
    products = {
        position.product
        for position in positions
        if position.instrument.key == instrument.key and position.quantity * request.side.sign < 0
    }
    return products.pop() if len(products) == 1 else None


def open_units(
    draft: OrderDraft,
    positions: Sequence[Position],
    holdings: Sequence[Holding],
    orders: Sequence[Order],
    *,
    read_at: datetime | None = None,
) -> int:
    """Shares or units held that an order of this side would make smaller. Negative or 0: nothing.

    read_at: when positions and holdings were read. What filled since then may not be in them, so it is taken off as well.
    """
    held = sum(
        position.quantity
        for position in positions
        if position.instrument.key == draft.instrument.key and position.product is draft.product
    )
    if draft.product is Product.CNC:
        # A negative delivery row is already sold out of the holdings.
        held += sum(holding.sellable for holding in holdings if holding.instrument.key == draft.instrument.key)
    since = sum(
        order.filled for order in orders if closes_same(order, draft) and read_at is not None and order.updated_at >= read_at
    )
    return -held * draft.side.sign - since


def closable(
    draft: OrderDraft,
    positions: Sequence[Position],
    holdings: Sequence[Holding],
    exits: Sequence[Order],
    *,
    read_at: datetime | None = None,
) -> int:
    """Shares or units that an order of this side could still close: what is held, less the exits that already work.

    An exit that a person closed as not there counts no more.
    """
    going = sum(
        order.pending
        for order in exits
        if closes_same(order, draft) and (order.status.is_working or order.status in POSSIBLY_WORKING)
    )
    return max(0, open_units(draft, positions, holdings, exits, read_at=read_at) - going)
