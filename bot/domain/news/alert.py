"""An alert of a person on a price or on the day's result, when it is reached, and the news of it."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.clock import ist_date
from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Price
from bot.domain.news.notice import Notice, Sound
from bot.domain.people.news_settings import NewsKind
from bot.domain.positions.held import HeldRow, NewBase, new_base
from bot.domain.positions.rebase import Rebase
from bot.domain.terms import Product
from bot.domain.value import value

ARMS = Decimal(500)  # rupees; what is given back of a smaller profit is noise


class AlertKind(StrEnum):
    """What is watched, and on which side of the level it is reached."""

    ABOVE = "above"  # a price
    BELOW = "below"
    PROFIT = "profit"  # the day's result, rupees before charges
    LOSS = "loss"
    GIVEBACK = "giveback"  # percent of the day's best result


class AlertState(StrEnum):
    """Whether an alert watches. One that was struck never does again."""

    ARMED = "ARMED"
    PAUSED = "PAUSED"  # its share's price may live on another base than yesterday
    STRUCK = "STRUCK"


@value
class Alert:
    """One alert of a person on an account."""

    id: int = 0  # given by the store
    account_id: str
    person: int  # Telegram id
    kind: AlertKind
    level: Decimal  # rupees; percent of the best for GIVEBACK
    instrument: Instrument | None = None  # None: it is on the day's result
    percent: Decimal | None = None  # from the previous close, as the person said it; the level was made of it
    created_at: datetime  # UTC; a trade before it strikes nothing
    state: AlertState = AlertState.ARMED
    best: Decimal | None = None  # rupees, of that date in India, since the alert was made
    best_on: date | None = None
    seen: HeldRow | None = None  # the last price that traded, with the previous close of that date, for the next morning
    seen_on: date | None = None
    kept_on: date | None = None  # the person said on that date in India that the base is right
    base: NewBase | None = None  # why it is paused

    def is_reached(self, value: Decimal) -> bool:
        """Whether a price, or a result of the day in rupees, is at the level or beyond."""
        match self.kind:
            case AlertKind.ABOVE | AlertKind.PROFIT:
                return value >= self.level
            case AlertKind.BELOW | AlertKind.LOSS:
                return value <= self.level
            case AlertKind.GIVEBACK:
                return self.best is not None and self.best >= ARMS and value <= self.best * (100 - self.level) / 100

    def with_result(self, value: Decimal, day: date) -> "Alert":
        """The alert with the best result of that date in India, in rupees. Each date begins anew."""
        if self.kind is not AlertKind.GIVEBACK:
            return self
        if self.best is None or self.best_on != day or value > self.best:
            return replace(self, best=value, best_on=day)
        return self

    def with_price(self, price: Price, day: date) -> "Alert":
        """The alert with the price that was traded last on that date in India."""
        if self.instrument is None:
            return self
        seen = HeldRow(
            instrument=self.instrument, product=Product.CNC, quantity=0, close=price.last, previous_close=price.previous_close
        )
        return replace(self, seen=seen, seen_on=day)

    def again(self, now: datetime) -> "Alert":
        """Armed from now on, on the base of today."""
        return replace(self, state=AlertState.ARMED, created_at=now, kept_on=ist_date(now), base=None)

    def rebased(self) -> "Alert | None":
        """The alert with its level on the share's new base. None where no usual bonus or split explains that."""
        rebase = Rebase.suspected(self.base) if self.base is not None else None
        if rebase is None or self.instrument is None:
            return None
        return replace(self, level=rebase.price(self.level, self.instrument.tick), percent=None)

    def base_of(self, price: Price, day: date, day_before: date) -> NewBase | None:
        """Whether the share seems to have a new base on that date, by what was seen on the trading day before."""
        if self.instrument is None or self.kept_on == day:
            return None
        noted = self.seen if self.seen_on == day_before else None
        return new_base(self.instrument, previous_close=price.previous_close, last=price.last, noted=noted)


class Sees(StrEnum):
    """What watches the alerts of an account now."""

    TICKS = "ticks"
    QUOTES = "quotes"
    NOTHING = "nothing"  # no session


@value
class AlertsShown:
    """A person's alerts on one account."""

    alerts: tuple[Alert, ...]
    sees: Sees
    as_of: datetime
    made: Alert | None = None  # the one that was made just now


@value
class AlertStruck(Notice):
    """An alert was reached. It strikes once."""

    sound = Sound.RING
    about = NewsKind.ALERTS

    alert: Alert
    value: Decimal  # the price that reached it, or the day's result, in rupees
    at: datetime | None  # UTC, of the trade; None: a quote, which tells no time
    products: tuple[Product, ...] = ()  # in which the instrument is held now


@value
class AlertsBlind(Notice):
    """A person's alerts have not seen what they watch for a while, or see it again."""

    sound = Sound.RING
    about = NewsKind.ALERTS

    alerts: tuple[Alert, ...]
    since: datetime
    sees: bool = False  # again


@value
class AlertPaused(Notice):
    """A share may have had a bonus or a split, so that its alert means another price."""

    sound = Sound.RING
    about = NewsKind.ALERTS

    alert: Alert
    base: NewBase
