"""Pre-trade checks: pure functions, each named with its data source.

All reasons are told at once.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from bot.domain.clock import MOST_SKEW, ist, ist_date
from bot.domain.exits.closing import was_triggered
from bot.domain.market.display_names import short
from bot.domain.market.rules import ExpiryStage
from bot.domain.market.sessions import PhaseKind
from bot.domain.money import grouped, in_figures, in_price
from bot.domain.orders.order import Order, OrderDraft, OrderStatus
from bot.domain.orders.order_text import plain, request_line, request_of
from bot.domain.terms import OrderKind, Product, Side
from bot.trading.checks.day_band import at_the_edge, exit_beyond_band, near_band, out_of_band
from bot.trading.checks.listed import ban, surveillance
from bot.trading.checks.situation import Check, Situation
from bot.trading.orders.cover import leaves_bare
from bot.trading.safety.limits import segment_of

MOST_FREEZES = 100  # one order is never cut into more slices
FAR = Decimal("0.10")  # of the last price: a limit further away is probably a slip of the thumb
TWIN = timedelta(seconds=30)


def kill_switch(at: Situation) -> str | None:
    """Refuses entries. Source: our own store."""
    if at.reduces or not (at.stop or at.blocked_until):
        return None
    if at.stop is not None:
        return f"Trading is stopped since {ist(at.stop.at):%H:%M:%S}. /resume lifts it; exits and cancels still work."
    return f"Your P&L exit struck: no entries until {ist(at.blocked_until or at.now):%H:%M}. Exits and cancels still work."


def wrong_clock(at: Situation) -> str | None:
    """Refuses entries on a host whose clock is off. Source: the Date of the broker's two newest answers."""
    if at.reduces or at.clock_off is None or abs(at.clock_off) <= MOST_SKEW:
        return None
    way = "behind" if at.clock_off > 0 else "ahead of"
    return f"This server's clock is {abs(at.clock_off):.0f} s {way} mStock's: no new order until it is set right. Exits work."


def expired(at: Situation) -> str | None:
    """Refuses a contract that is over, an exit as well: what is open of it is settled. Source: scrip master, dated calendar."""
    expiry, today, window = at.draft.instrument.expiry, ist_date(at.now), at.window
    if expiry == today and window is not None and window.known and not window.may_exit and window.opens is None:
        return f"{short(at.draft.instrument)} ended today: what is open of it is settled by the exchange."
    return f"{short(at.draft.instrument)} expired on {expiry:%d %b}." if expiry and expiry < today else None


def not_tradable(at: Situation) -> str | None:
    """Refuses an index itself. Source: scrip master."""
    if at.draft.instrument.is_tradable:
        return None
    return f"{at.draft.instrument.symbol} is an index: it has a price but no order. Try its future or an option."


def value_limit(at: Situation) -> str | None:
    """Refuses above the account's own limit. Source: /limits."""
    if at.reduces or at.limits.value is None:
        return None
    if at.value is None:
        return f"What it is worth is not known now, and your own limit for one order is {in_figures(at.limits.value)}."
    if at.value <= at.limits.value:
        return None
    return f"Worth {in_figures(at.value)}, over your own limit of {in_figures(at.limits.value)} for one order."


def ceiling(at: Situation) -> str | None:
    """Refuses what can only be a slip of the thumb. Source: ORDER_CEILING, and dated rows of the exchanges' notices."""
    if at.reduces:
        return None
    size = grouped(str(at.draft.quantity))
    if at.freeze is not None and at.draft.quantity > MOST_FREEZES * at.freeze:
        return f"{size} is over {MOST_FREEZES} times the freeze of {grouped(str(at.freeze))}: surely a slip."
    if at.ceiling is None or at.value is None or at.value <= at.ceiling:
        return None
    return f"Worth {in_figures(at.value)}, over the ceiling of {in_figures(at.ceiling)} for one order (ORDER_CEILING)."


def quantity_limit(at: Situation) -> str | None:
    """Refuses above the account's own limit. Source: /limits."""
    if at.reduces or at.limits.quantity is None or at.draft.quantity <= at.limits.quantity:
        return None
    return f"{grouped(str(at.draft.quantity))} is over your own limit of {grouped(str(at.limits.quantity))} for one order."


def day_limit(at: Situation) -> str | None:
    """Refuses above the account's own limit. Source: our own store."""
    if at.reduces or at.limits.orders_a_day is None or at.sent_today < at.limits.orders_a_day:
        return None
    return f"{_many(at.sent_today)} sent today, which is your own limit."


def minute_limit(at: Situation) -> str | None:
    """Refuses above the account's own limit. Source: our own store."""
    if at.reduces or at.limits.orders_a_minute is None or at.sent_last_minute < at.limits.orders_a_minute:
        return None
    return f"{_many(at.sent_last_minute)} sent in the last minute, which is your own limit."


def _many(orders: int) -> str:
    return "1 order was" if orders == 1 else f"{orders} orders were"


def segment_limit(at: Situation) -> str | None:
    """Refuses what the account's owner does not trade. Source: /limits."""
    segment = segment_of(at.draft.instrument)
    if at.reduces or at.limits.segments is None or segment in at.limits.segments:
        return None
    return f"Your own limits allow {' and '.join(at.limits.segments) or 'no segment'}; this is {segment}."


def hours_limit(at: Situation) -> str | None:
    """Refuses outside the account's own trading hours. Source: /limits."""
    if at.reduces or at.limits.hours is None:
        return None
    begins, ends = at.limits.hours
    if begins <= ist(at.now).time() < ends:
        return None
    return f"Your own trading hours are {begins:%H:%M} to {ends:%H:%M}."


def locked_day(at: Situation) -> str | None:
    """Refuses entries on a day that is over. Source: our own store."""
    if at.reduces or at.day_lock is None:
        return None
    since = f"{ist(at.day_lock.at):%H:%M:%S}"
    return f"The day is locked since {since} ({at.day_lock.why}). It opens on the next trading day; exits and cancels work."


def loss_limit(at: Situation) -> str | None:
    """Refuses while nobody can say whether the daily loss is reached. Source: the broker's positions, prices."""
    if at.reduces or at.limits.daily_loss is None or at.result is not None:
        return None
    return "Today's result is not known now, so I cannot tell whether your daily loss is reached."


def expiry_stage(at: Situation) -> str | None:
    """Refuses new stock F&O on the last two days (physical settlement). Source: dated rules, calendar."""
    if at.reduces or at.stage is not ExpiryStage.REFUSE:
        return None
    return f"{at.draft.instrument.name} settles in shares in a day or less; mStock squares such positions off. Exits work."


def old_contracts(at: Situation) -> str | None:
    """Refuses F&O on a master older than one trading day: lots may have changed (F34). Source: its date."""
    if at.reduces or not at.draft.instrument.is_derivative or at.master_age is None or at.master_age <= 1:
        return None
    return f"The list of contracts is {at.master_age} trading days old. It comes with the next session; shares can be traded."


def sold_short(at: Situation) -> str | None:
    """Refuses a delivery sale of more than there is: the exchange would buy it in by auction. Source: positions, holdings."""
    sale = at.draft.side is Side.SELL and at.draft.product in (Product.CNC, Product.MTF)
    if not sale or at.reduces:
        return None
    name, way = at.draft.instrument.symbol, at.draft.product
    pledged = sum(row.collateral for row in at.holdings if row.instrument.key == at.draft.instrument.key)
    if pledged:
        return f"Only {at.closable} {name} can be sold as {way}: {pledged} are pledged. Unpledge them in the mStock app first."
    if not at.closable:
        return f"There is no {name} to sell as {way}, or all of it is on sale already."
    closable, wanted = grouped(str(at.closable)), grouped(str(at.draft.quantity))
    return f"Only {closable} {name} can be sold as {way}, not {wanted}; what is on sale already is taken off."


def crossed_zero(at: Situation) -> str | None:
    """Refuses an exit whose position has become smaller since: it would open the other side. Source: positions, our own store."""
    if not at.asked_as_exit or at.reduces or sold_short(at) is not None:
        return None
    left = f"only {at.closable} of it are left to close" if at.closable else "nothing of it is left to close"
    return f"This was to close a position, and {left}. A new order asks for what you mean now."


def second_stop(at: Situation) -> str | None:
    """Refuses a second stop for one quantity: both would fill, and open the other side. Source: positions, our own store."""
    if at.draft.trigger is None or at.reduces or not at.guards:
        return None
    number = at.guards[0].number
    return f"#{number} guards this position already, and one quantity has one stop. /modify {number} moves it."


def unclear_twin(at: Situation) -> str | None:
    """Refuses the same entry while nobody knows whether an earlier one exists (F1, F3). Source: our own store."""
    order = doubtful_twin(at)
    if order is None:
        return None
    if order.status is OrderStatus.UNKNOWN:
        return f"#{order.number} is the same order and its outcome is still unknown. It is being looked for; see its card."
    return f"#{order.number} is the same order. mStock refused it, which is no proof: I look for it for three minutes."


def doubtful_twin(at: Situation) -> Order | None:
    """An earlier entry on the same terms that may exist all the same."""
    doubtful, parts = (order for order in at.recent if order.status in (OrderStatus.UNKNOWN, OrderStatus.REFUSED)), at.parts
    return None if at.reduces else next((order for order in doubtful if any(_same(order.draft, each) for each in parts)), None)


def _same(one: OrderDraft, other: OrderDraft) -> bool:
    return (one.instrument.key, one.side, one.quantity, one.product) == (
        other.instrument.key, other.side, other.quantity, other.product,
    )  # fmt: skip


def evening_over(at: Situation) -> str | None:
    """Refuses an after-market order once the market takes orders of now. Source: the dated calendar."""
    if at.draft.session is None or at.before is not None or at.window is None or not at.window.known:
        return None
    takes = at.window.may_exit if at.reduces else at.window.may_enter
    return "The market takes orders now: this card was for the evening. Ask again." if takes else None


REFUSALS: tuple[Check, ...] = (
    evening_over,
    kill_switch, wrong_clock, not_tradable, expired, ceiling, value_limit, quantity_limit, day_limit, minute_limit, segment_limit,
    hours_limit, locked_day, loss_limit, out_of_band, expiry_stage, old_contracts, sold_short, crossed_zero, second_stop,
    unclear_twin,
)  # fmt: skip


def cash_short(at: Situation) -> str | None:
    """Source: the broker's funds and margin routes, which price one order alone and do not see a hedge."""
    pays_whole = at.draft.side is Side.BUY and at.draft.product is Product.CNC
    needed = at.value if at.margin is None and pays_whole else at.margin
    if at.cash is None or needed is None or at.reduces or needed <= at.cash:
        return None
    return f"Needs {in_figures(needed - at.cash)} more than the cash there is"


def far_from_last(at: Situation) -> str | None:
    """Source: the feed or a quote."""
    if at.price is None or at.draft.kind is not OrderKind.LIMIT or at.draft.protected or at.draft.price is None:
        return None
    distance = abs(at.draft.price - at.price.last) / at.price.last
    return f"Limit is {grouped(f'{distance * 100:.0f}')} % from the last price" if distance > FAR else None


def trigger_passed(at: Situation) -> str | None:
    """Source: the feed or a quote."""
    trigger = at.draft.trigger
    if trigger is None or at.price is None or (at.price.last - trigger) * at.draft.side.sign < 0:
        return None
    return f"The price has passed the trigger {in_price(trigger)} already: at {in_price(at.price.last)} it fires at once"


def twin(at: Situation) -> str | None:
    """Source: our own store."""
    parts = at.parts
    for order in at.recent:
        age = at.now - order.created_at
        if any(is_twin(order.draft, each) for each in parts) and age <= TWIN:
            # An order from the future: the clock was set back since, and nobody knows by how much.
            return f"Same as #{order.number}, " + (f"{age.seconds} s ago" if age >= timedelta(0) else "how long ago is not known")
    return None


def is_twin(one: OrderDraft, other: OrderDraft) -> bool:
    """Whether one may be the other typed again, at any price. A stop, which an exit is made of, is no twin of that exit."""
    return _same(one, other) and (one.trigger is None) is (other.trigger is None)


def over_freeze(at: Situation) -> str | None:
    """Source: dated rows of the exchanges' notices."""
    if at.freeze is None or at.draft.quantity <= at.freeze:
        return None
    return f"Over the freeze of {grouped(str(at.freeze))}: the exchange will refuse it in one piece"


def market_hours(at: Situation) -> str | None:
    """Source: the dated calendar."""
    if at.draft.session is not None or at.window is None or (at.window.may_exit if at.reduces else at.window.may_enter):
        return None
    return at.window.reasons[0] if at.window.reasons else "The market does not take this order now"


def kind_now(at: Situation) -> str | None:
    """Source: the dated calendar."""
    if at.draft.session is not None or at.window is None or at.draft.kind in at.window.kinds or not at.window.kinds:
        return None
    return f"The exchange takes no {at.draft.kind} order of this now"


def closing_auction(at: Situation) -> str | None:
    """What becomes of it in the closing auction, or of a stop that would wait into it. Source: the dated calendar."""
    if at.draft.session is not None or at.window is None or market_hours(at) is not None:
        return None
    here, ahead = at.window.phase.kind, at.window.next.kind if at.window.next is not None else None
    waits = at.draft.trigger is not None and (here, ahead) == (PhaseKind.CONTINUOUS, PhaseKind.REFERENCE)
    if not waits and here not in (PhaseKind.AUCTION, PhaseKind.AUCTION_LIMIT):
        return None
    return " ".join(at.window.notes).removesuffix(".") or None


def series(at: Situation) -> str | None:
    """Source: the series column of the scrip master."""
    if at.draft.product is Product.MIS and at.draft.instrument.series in ("BE", "BZ", "T"):
        return f"{at.draft.instrument.series} series is trade-to-trade: no intraday"
    return None


def naked_short(at: Situation) -> str | None:
    """Source: the broker's positions. A hedge elsewhere is not seen."""
    sells = at.draft.instrument.is_option and at.draft.side is Side.SELL and not at.reduces
    is_bare = sells and leaves_bare(at.draft, at.positions)
    return "Sells an option without cover: the loss has no floor" if is_bare else None


def stop_turned(at: Situation) -> str | None:
    """Source: our own store, which holds the stops of the broker's app as well."""
    if not at.turns:
        return None
    whose = [f"#{stop.number}" if stop.is_ours else f"#{stop.number} (not mine)" for stop in at.turns]
    stops = f"The stop {whose[0]}" if len(whose) == 1 else f"The stops {', '.join(whose)}"
    if at.draft.quantity >= at.closable:
        return f"{stops} {'becomes' if len(whose) == 1 else 'become'} this order"
    one = len(whose) == 1
    if any(was_triggered(stop) for stop in at.turns):
        return f"{stops}, triggered, then {'rests' if one else 'rest'} for what is left"
    return f"{stops} then {'guards' if one else 'guard'} what is left"


def exit_doubled(at: Situation) -> str | None:
    """Source: our own store, positions."""
    if not at.doubles:
        return None
    numbers = " and ".join(f"#{order.number}" for order in at.doubles)
    side = "short" if at.draft.side is Side.SELL else "long"
    return f"{numbers} may be closing it too: if all fill you are {side} {at.beyond}"


def opens_short(at: Situation) -> str | None:
    """Source: positions, holdings, our own store."""
    draft = at.draft
    if draft.side is not Side.SELL or at.reduces or draft.product in (Product.CNC, Product.MTF):
        return None
    over = draft.quantity - at.closable
    return f"Opens a short of {grouped(str(over))}" + (f", closes {grouped(str(at.closable))}" if at.closable else "")


def near_expiry(at: Situation) -> str | None:
    """Source: dated rules, calendar."""
    if at.reduces or at.stage not in (ExpiryStage.TELL, ExpiryStage.WARN):
        return None
    rises = "Settles in shares soon (physical settlement), and mStock blocks more for it day by day"
    if at.stage is ExpiryStage.TELL:
        return rises
    today, off = ist_date(at.now), at.squared_off
    on = "on the day before its last" if off is None else "today" if off == today else f"on {off:%a} {off.day} {off:%b}"
    return f"{rises}; it {'was to square' if off is not None and off < today else 'squares'} it off {on}, best effort"


def address_refused(at: Situation) -> str | None:
    """Source: our own store, what mStock answered to the orders of today."""
    if not at.address_refused:
        return None
    return "mStock refused an order of today for this server's address: until it is registered there, it refuses each one"


def clock_unknown(at: Situation) -> str | None:
    """Source: the Date of the broker's two newest answers."""
    return None if at.reduces or at.clock_off is not None else "How far this server's clock is off mStock's is not known"


WARNINGS: tuple[Check, ...] = (
    exit_doubled, stop_turned, clock_unknown, cash_short, far_from_last, trigger_passed, twin, over_freeze, market_hours,
    kind_now, closing_auction, ban, surveillance, series, opens_short, naked_short, near_expiry, near_band,
    exit_beyond_band, address_refused,
)  # fmt: skip


def repairs(at: Situation) -> list[tuple[str, str]]:
    """What a refused order can become, as (label, command): a sale of all that is there, a look at the doubtful one."""
    twin_ = doubtful_twin(at)
    look = [(f"Look at #{twin_.number}", f"/order {twin_.number}")] if twin_ is not None else []
    if second_stop(at) is not None and len(at.guards) == 1 and at.draft.trigger is not None:
        number = at.guards[0].number
        look.append((f"Move #{number} to {in_price(at.draft.trigger)}", f"/modify {number} {plain(at.draft.trigger)}"))
    left = at.closable // at.draft.instrument.lot * at.draft.instrument.lot
    look += at_the_edge(at)
    if sold_short(at) is None or not left or [check for check in REFUSALS if check(at)] != [sold_short]:
        return look
    request = replace(request_of(at.draft), quantity=left)
    return [*look, (f"Sell {grouped(str(left))}", request_line(request))]


def refusals(at: Situation) -> tuple[str, ...]:
    """Every reason against the order. None of them refuses an exit."""
    return tuple(say for check in REFUSALS if (say := check(at)) is not None)
