"""Cards of later: what was kept, what comes today, what may be asked now, and their buttons."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from bot.domain.market.display_names import short
from bot.domain.news.orders.after_market import AfterMarketFate
from bot.domain.news.orders.later_cards import LaterCardDue, LaterCardsAhead, LaterCardStruck
from bot.domain.people.account import Permission
from bot.domain.proposals.later_card import LaterCard
from bot.domain.value import positional
from handlers.views.format import clock_time, day_and_time, price, time_on_day
from handlers.views.keyboards import button
from handlers.views.message import Button, View, bold, keyboard, message, say
from handlers.views.orders.card import place, state, what
from handlers.views.orders.order_news import Scene, renders
from handlers.views.taps.tap import OfAccount, label_behind, number_in, travels_as
from handlers.views.taps.taps import OrderTap, OrderVerb

MOST = 8  # cards with buttons of their own


class LaterVerb(StrEnum):
    """What a tap does with a card of later."""

    SHOW = "s"
    DROP = "n"


@travels_as("j")
@positional
class LaterTap(OfAccount):
    """A tap about a card of later."""

    card_id: int
    verb: LaterVerb
    label: str = ""

    @property
    def permission(self) -> Permission:
        return Permission.REDUCE

    def encode(self) -> str:
        return f"j:{self.card_id}:{self.verb}{label_behind(self.label)}"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self:
        number, _, more = rest.partition(":")
        verb, _, label = more.partition(":")
        return cls(number_in(number), LaterVerb(verb), label)


def kept(card: LaterCard, label: str, mode: str, now: datetime) -> View:
    """Stands in the place of the card that could not be confirmed."""
    return message(
        say(bold(f"Card at {time_on_day(card.due)}."), f" {_named(card, now)}"),
        "I ask then, at the price of then. Nothing is sent before you confirm it.",
        place(label, mode),
    ).with_keyboard([_drop(card, label)])


def dropped(card: LaterCard, now: datetime) -> View:
    return message(say(bold("Dropped."), f" {_named(card, now)}: nothing is asked, and nothing was sent."))


@renders(LaterCardsAhead)
def _ahead(news: LaterCardsAhead, scene: Scene) -> View:
    count = len(news.cards)
    lines = [say(f"{clock_time(card.due)} {_named(card, scene.now)}") for card in news.cards]
    rows = [[button(f"Drop {_short(card)}", LaterTap(card.id, LaterVerb.DROP, scene.label))] for card in news.cards[:MOST]]
    return View((say(bold(f"{count} card{'s' if count > 1 else ''} of yours today")), *lines), keyboard(*rows))


@renders(LaterCardDue)
def _due(news: LaterCardDue, scene: Scene) -> View:
    card = news.card
    show = button("Card at the price of now", LaterTap(card.id, LaterVerb.SHOW, scene.label))
    said = say(f"You asked for this on {day_and_time(card.made_at)}. Nothing was sent.")
    return View(
        (say(bold("The market is open."), f" {_named(card, scene.now)}"), said), keyboard([show, _drop(card, scene.label)])
    )


@renders(AfterMarketFate)
def _fate(news: AfterMarketFate, scene: Scene) -> View:
    """Each with how it stands. Those that work can be cancelled."""
    shown = news.orders[:MOST]
    lines = [say(f"#{order.number} {what(order.draft, scene.now)}: {state(order, scene.explain)}") for order in shown]
    if news.unread:
        lines.append(say(f"⚠️ As last known. {news.unread}"))
    working = [order for order in shown if order.status.is_working]
    rows = [[button(f"Cancel #{order.number}", OrderTap(order.id, OrderVerb.CANCEL, scene.label))] for order in working]
    return View((say(bold("After-market orders of today")), *lines), keyboard(*rows))


@renders(LaterCardStruck)
def _struck(news: LaterCardStruck, scene: Scene) -> View:
    card = news.card
    title = say(bold("Struck off"), f" the card at {time_on_day(card.due)}: {_named(card, scene.now)}")
    return View((title, say(f"{news.why} Nothing was sent.")))


def _drop(card: LaterCard, label: str) -> Button:
    return button("Drop it", LaterTap(card.id, LaterVerb.DROP, label))


def _named(card: LaterCard, now: datetime) -> str:
    """The order as it was asked for: a price that the person did not name is not theirs."""
    draft, attached = card.draft, card.attached
    at = f" @ {price(draft.price)}" if draft.price is not None and draft.trigger is None and not draft.protected else ""
    stop = f", stop {price(attached.stop)}" if attached is not None and attached.stop is not None else ""
    target = f", target {price(attached.target)}" if attached is not None and attached.target is not None else ""
    trigger = f", stop at {price(draft.trigger)}" if draft.trigger is not None else ""
    return f"{what(draft, now)} {draft.product}{at}{trigger}{stop}{target}"


def _short(card: LaterCard) -> str:
    return f"{card.draft.side} {card.draft.quantity} {short(card.draft.instrument)}"
