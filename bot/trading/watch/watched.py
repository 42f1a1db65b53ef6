"""What people watch on an account, and what a morning says of it: alerts armed, dead or paused, and changed contracts."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from bot.domain.market.display_names import short
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey
from bot.domain.news.alert import Alert, AlertState
from bot.domain.news.days.readiness import Finding, Light, Repair
from bot.domain.people.account import Account
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.held import ContractChange, HeldNote, Watched, contract_changes
from bot.domain.value import value
from bot.trading.instruments.catalogue import Catalogue


@value
class WatchedFindings:
    """Alerts and lists are a person's own: each person is told of theirs alone."""

    store: Store
    catalogue: Catalogue

    @property
    def name(self) -> str:
        """The name of its row on the morning's card."""
        return "alerts"

    async def of(self, account: Account, day: date) -> Sequence[Finding]:
        """One row of alerts for each person who has any, and one of what changed overnight in what they watch."""

        def read(db: Repositories) -> tuple[dict[int, Sequence[Alert]], HeldNote | None]:
            people = db.people.watching(account.id)
            return {person: db.alerts.of(account.id, person) for person in people}, db.held.before(account.id, day)

        of_people, note = await self.store.read(read)
        found = []
        for person, alerts in of_people.items():
            if alerts:
                found.append(self._alerts(alerts, person, day))
            noted = [each.instrument for each in (note.watched if note is not None else ()) if each.person == person]
            if (row := self._changed(alerts, noted, person, day)) is not None:
                found.append(row)
        return found

    def _alerts(self, alerts: Sequence[Alert], person: int, day: date) -> Finding:
        armed = [alert for alert in alerts if alert.state is AlertState.ARMED]
        dead = [alert for alert in armed if _is_over(alert.instrument, day)]
        details = [*_counted("ended", dead, day), *_counted("paused", [each for each in alerts if each not in armed], day)]
        living = len(armed) - len(dead)
        return Finding(
            light=Light.AMBER if details else Light.GREEN,
            name=self.name,
            value=f"{living} armed",
            details=tuple(details),
            repairs=(Repair(label="Alerts", command="/alerts"),) if details else (),
            person=person,
            waits="alerts are armed" if living else "",
        )

    def _changed(self, alerts: Sequence[Alert], noted: Sequence[Instrument], person: int, day: date) -> Finding | None:
        """How what is watched stands otherwise in today's master, or that it has ended. None where nothing did."""
        if self.catalogue.day != day:
            return None  # the row of the contracts says so
        was = {each.instrument.key: each.instrument for each in alerts if each.instrument is not None}
        was |= {each.key: each for each in noted}
        in_alerts = {each.instrument.key for each in alerts if each.instrument is not None}
        details = [
            _said(change, day) for each in was.values() for change in contract_changes(each, self.catalogue.by_key(each.key), day)
        ]
        details += [f"{short(each, today=day)} has ended" for each in noted if _is_over(each, day) and each.key not in in_alerts]
        if not details:
            return None
        return Finding(light=Light.AMBER, name="watched", value="changed", details=tuple(details), person=person)


def watched_on(db: Repositories, account_id: str, catalogue: Catalogue) -> Iterator[Watched]:
    """What each person watches on an account, once, as today's master describes it."""
    for person in db.people.watching(account_id):
        keys = [alert.instrument.key for alert in db.alerts.of(account_id, person) if alert.instrument is not None]
        for name in db.flags.watched(account_id, person):
            exchange, _, token = name.partition(":")
            keys.append(InstrumentKey(Exchange(exchange), token))
        for key in dict.fromkeys(keys):
            if (instrument := catalogue.by_key(key)) is not None:
                yield Watched(person=person, instrument=instrument)


def _is_over(instrument: Instrument | None, day: date) -> bool:
    return instrument is not None and instrument.expiry is not None and instrument.expiry < day


def _counted(what: str, alerts: Iterable[Alert], day: date) -> Iterator[str]:
    """ended: NF 24500CE 17Nov."""
    names = [short(each.instrument, today=day) if each.instrument is not None else "day's P&L" for each in alerts]
    if names:
        yield f"{what}: {', '.join(dict.fromkeys(names))}"


def _said(change: ContractChange, day: date) -> str:
    name = short(change.instrument, today=day)
    return f"{name}: {change.what} {change.before} → {change.now}" if change.now else f"{name}: not listed any more"
