"""A change of product: the question, how it ended, and the news of it."""

from decimal import Decimal
from enum import StrEnum

from bot.domain.clock import ist_date
from bot.domain.market.display_names import short
from bot.domain.news.orders.conversions import ConversionUnclear, Converted
from bot.domain.people.account import Permission
from bot.domain.positions.conversion import Conversion, ConversionCard, ConversionState
from bot.domain.terms import Product
from bot.domain.value import positional
from handlers.views.format import amount, clock_time, count, joined, price, row, short_time, signed, table
from handlers.views.keyboards import button, words
from handlers.views.message import Keyboard, Part, View, bold, keyboard, say
from handlers.views.orders.card import place
from handlers.views.orders.order import PRODUCTS
from handlers.views.orders.order_news import Scene, renders
from handlers.views.taps.tap import TokenTap, travels_as


class ConvertVerb(StrEnum):
    """What a tap does with the question."""

    CONFIRM = "y"
    DISCARD = "n"


@travels_as("z")
@positional
class ConvertTap(TokenTap[ConvertVerb]):
    """A tap under the question about a conversion."""

    verbs = ConvertVerb

    @property
    def permission(self) -> Permission:
        return Permission.OPEN


def card(asked: ConversionCard, mode: str) -> View:
    """The question, with its Confirm alone on its row."""
    position, label = asked.position, asked.account.label
    sign = "+" if position.quantity > 0 else "−"
    rows: list[tuple[str, ...] | str] = [
        row(f"CONVERT {sign}{count(asked.quantity)} {short(position.instrument)}", mode),
        row(PRODUCTS[position.product]),
        row(f" → {PRODUCTS[asked.to]}"),
        joined(position.instrument.exchange, asked.account.name),
        "",
        row("Blocks now", _known(asked.blocks)),
        row("Blocks then", _known(asked.needs)),
        row("More", signed(asked.more) if asked.more is not None else "not known"),
        row("Cash after", _known(asked.cash_after)),
        row("", f"until {clock_time(asked.confirmation.expires_at)}"),
    ]
    parts: list[Part] = [table(*rows), *(say(line) for line in _changes(asked))]
    if asked.cash_after is not None and asked.cash_after < 0:
        parts.append(say(f"⚠️ ₹{amount(-asked.cash_after)} short: mStock will refuse it."))
    first = f"is {position.product} and would open the other side: it is cancelled first."
    parts += [say(f"⚠️ Stop #{stop.number} {first}") for stop in asked.stops]
    parts += [say(f"⚠️ The target at {price(target)} that I hold ends.") for target in asked.targets]
    token = asked.confirmation.token
    return View(
        tuple(parts),
        keyboard(
            [button("Confirm conversion", ConvertTap(token, ConvertVerb.CONFIRM, label))],
            [button("Discard", ConvertTap(token, ConvertVerb.DISCARD, label))],
        ),
    )


def _changes(asked: ConversionCard) -> list[str]:
    """What is another way afterwards."""
    at = f"from {short_time(asked.squared_off_at)}" if asked.squared_off_at is not None else "at the day's square-off"
    if asked.to is Product.MIS:
        return [f"mStock closes it by itself {at} if it is still open then."]
    stays = f"It stays open over the night: mStock no longer closes it {at}."
    if asked.to is Product.CNC:
        return [stays, "It is paid whole, and a sale on a later day costs delivery charges with the DP fee."]
    return [stays, "Overnight margin is blocked for it."]


def _known(rupees: Decimal | None) -> str:
    return amount(rupees) if rupees is not None else "not known"


def ended(made: Conversion, label: str, mode: str) -> View:
    """The question's own message once it was answered."""
    return View((*_standing(made), place(label, mode)), _buttons(made, label))


@renders(Converted)
def converted(news: Converted, scene: Scene) -> View:
    """How it ended, to those who did not tap."""
    made = news.conversion
    return View((*_standing(made), say(f"Asked by {made.name}.")), _buttons(made, scene.label))


@renders(ConversionUnclear)
def unclear(news: ConversionUnclear, scene: Scene) -> View:
    """It is looked for. Nothing is sent again."""
    return View(_standing(news.conversion), _buttons(news.conversion, scene.label))


def _standing(made: Conversion) -> tuple[Part, ...]:
    sign = "+" if made.was > 0 else "−"
    name = f"{sign}{count(made.quantity)} {short(made.instrument, today=ist_date(made.began_at))}"
    way = f"{name} {made.product} → {made.to}"
    bare = [say(f"Its stop was cancelled: nothing guards {count(made.unguarded)} of it now.")] if made.unguarded else []
    match made.state:
        case ConversionState.DONE:
            return (say(bold("Converted."), f" {way}, as the positions show."), *bare)
        case ConversionState.REFUSED:
            return (say(bold("Not converted."), f" {way}"), say(made.said), *bare)
        case ConversionState.NOT_SEEN:
            more = "The positions did not show it for a minute. Look in the mStock app; if it arrives yet, /positions shows it."
            return (say(bold("Not converted as far as I see."), f" {way}"), say(more), *bare)
        case _:
            more = "I sent this and do not know yet whether it happened. I will not send it again. I look at the positions."
            said = [say(f"mStock's words: {made.said}")] if made.said else []
            return (say(bold("Conversion unclear."), f" {way}"), say(more), *said, *bare)


def _buttons(made: Conversion, label: str) -> Keyboard:
    product = made.to if made.state is ConversionState.DONE else made.product
    stop = f"/{'sell' if made.was > 0 else 'buy'} {made.instrument.name} {made.quantity} {product.lower()} stop"
    guard = [words("Set stop", stop, account=label)] if made.unguarded else []
    return keyboard([*guard, words("Positions", "/positions", account=label)])
