"""What a person does with alerts: sets one, lists them, takes one away, keeps or adjusts one that was paused."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from bot.domain.clock import Clock
from bot.domain.errors import CheckFailed, NotFound
from bot.domain.market.display_names import short
from bot.domain.money import in_price, to_paise
from bot.domain.news.alert import Alert, AlertKind, AlertsShown, AlertState, Sees
from bot.domain.people.account import Account, Actor, Permission
from bot.domain.ports.repositories import Repositories, Store
from bot.trading.account.prices import Prices
from bot.trading.account.quotes import Quotes
from bot.trading.actor import account_of, demand_role

MOST = 50  # of a person on an account
_REFUSAL = "Your role on this account does not let you set alerts."


@dataclass(slots=True, kw_only=True)
class Alerts:
    """Alerts are a person's own: nobody else of the account sees them or hears them."""

    store: Store
    quotes: Quotes
    prices: Prices
    clock: Clock
    last_session: Callable[[datetime], date]  # whose prices those of a moment (UTC) are: its date in India
    sees: Callable[[str], Sees]
    changed: Callable[[], None]

    async def on_price(
        self, actor: Actor, words: str, kind: AlertKind, *, level: Decimal | None = None, percent: Decimal | None = None
    ) -> AlertsShown:
        """An alert on a price: a level in rupees, or a percentage of the previous close, signed.

        UnknownSymbol with near misses. NotFound where the price or the previous close is not known. CheckFailed where the
        level is reached already.
        """
        account = account_of(actor)
        instrument = await self.quotes.named(words, command="/quote")
        price = await self.prices.of(account.id, instrument.key)
        if percent is not None:
            close = price.previous_close if price is not None else None
            if not close:
                raise NotFound(f"The previous close of {short(instrument)} is not known now. Name a price instead.")
            level = to_paise(close * (100 + percent) / 100)
        if level is None or level <= 0:
            raise CheckFailed(["A price is above zero."])
        alert = self._new(actor, account, kind, level)
        alert = replace(alert, instrument=instrument, percent=percent)
        if price is not None and alert.is_reached(price.last):
            raise CheckFailed([f"{short(instrument)} is {kind} that already, at {in_price(price.last)}. No alert was set."])
        if price is not None:  # what the next morning's base is compared with, should it not be traded until then
            alert = alert.with_price(price, self.last_session(alert.created_at))
        return await self._add(actor, account, alert)

    async def on_result(self, actor: Actor, kind: AlertKind, level: Decimal) -> AlertsShown:
        """An alert on the day's result: rupees before charges, or percent of the best result that is given back."""
        account = account_of(actor)
        return await self._add(actor, account, self._new(actor, account, kind, level))

    async def shown(self, actor: Actor, made: Alert | None = None) -> AlertsShown:
        """The person's alerts on the account that are not struck."""
        account = account_of(actor)
        alerts = await self.store.read(lambda db: tuple(db.alerts.of(account.id, actor.user.telegram_id)))
        return AlertsShown(alerts=alerts, sees=self.sees(account.id), as_of=self.clock.now(), made=made)

    async def remove(self, actor: Actor, number: int) -> AlertsShown:
        """Takes one away. NotFound where it is struck or gone."""
        account, person = account_of(actor), actor.user.telegram_id
        if not await self.store.transaction(lambda db: db.alerts.remove(account.id, person, number)):
            raise NotFound(f"There is no alert {number} any more.")
        self.changed()
        return await self.shown(actor)

    async def keep(self, actor: Actor, number: int) -> AlertsShown:
        """Arms a paused one again at its old level. NotFound where none is paused under that number."""
        return await self._arm(actor, number, lambda alert: alert)

    async def adjust(self, actor: Actor, number: int) -> AlertsShown:
        """Arms a paused one again at its level on the new base.

        NotFound where none is paused under that number. CheckFailed where no usual bonus or split explains the new base.
        """
        return await self._arm(actor, number, lambda alert: alert.rebased())

    async def _arm(self, actor: Actor, number: int, became: Callable[[Alert], Alert | None]) -> AlertsShown:
        account, person = account_of(actor), actor.user.telegram_id

        def arm(db: Repositories) -> bool:
            demand_role(db, actor, Permission.LOOK, _REFUSAL)
            paused = [one for one in db.alerts.of(account.id, person) if one.id == number and one.state is AlertState.PAUSED]
            if not paused:
                return False
            alert = became(paused[0])
            if alert is None:
                raise CheckFailed(["No usual bonus or split explains the new price. Keep it, or delete it and set another."])
            return db.alerts.keep(alert.again(self.clock.now()))

        if not await self.store.transaction(arm):
            raise NotFound(f"No alert {number} is paused.")
        self.changed()
        return await self.shown(actor)

    def _new(self, actor: Actor, account: Account, kind: AlertKind, level: Decimal) -> Alert:
        return Alert(account_id=account.id, person=actor.user.telegram_id, kind=kind, level=level, created_at=self.clock.now())

    async def _add(self, actor: Actor, account: Account, alert: Alert) -> AlertsShown:
        def add(db: Repositories) -> Alert:
            demand_role(db, actor, Permission.LOOK, _REFUSAL)
            if len(db.alerts.of(account.id, alert.person)) >= MOST:
                raise CheckFailed([f"{MOST} alerts are the most on one account. /alerts takes one away."])
            return db.alerts.add(alert)

        made = await self.store.transaction(add)
        self.changed()
        return await self.shown(actor, made)
