"""The day in figures: what was booked, what is open, what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.domain.clock import Clock, ist_date
from bot.domain.money import ZERO
from bot.domain.orders.order import OrderStatus
from bot.domain.people.account import Account, Actor
from bot.domain.pnl.day import mark_of
from bot.domain.pnl.trades import DayMark
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import DayReport, PnL, PositionLine
from bot.trading.account.account_views import AccountViews

ON_ITS_WAY = timedelta(minutes=1)  # a trade may be so old when it is first read


@dataclass(slots=True, kw_only=True)
class Reports:
    """Figures as they are at the moment. Nothing is kept of them here."""

    store: Store
    views: AccountViews
    clock: Clock

    def row(self, db: Repositories, account_id: str, day: date) -> DayReport | None:
        """The final row of a date in India, as it was corrected. One without data has what was found out about it later."""
        return next(iter(self.rows(db, account_id, day, day)), None)

    def rows(self, db: Repositories, account_id: str, first: date, last: date) -> Sequence[DayReport]:
        """The same of a range, both ends included, oldest first."""
        final = db.reports.between(account_id, first, last)
        known = db.reports.found_out(account_id, first, last)
        return [known.get(report.date, report) for report in final]

    def final(self, db: Repositories, account_id: str, day: date) -> DayReport | None:
        """The same as `row`. None too where it has no data, or trades of that date came since: it is not over."""
        found = self.row(db, account_id, day)
        return None if found is None or found.records_only or self.went_on(db, found) else found

    def went_on(self, db: Repositories, row: DayReport) -> bool:
        """Whether there were trades after a row was made. What was only read later is none: it is in the row's own figures."""
        day = date.fromisoformat(row.date)
        if db.ledger.count(row.account_id, day) <= row.trades:  # as nearly always
            return False
        last = max(fill.at for fill in db.ledger.between(row.account_id, day, day))
        return last > row.made_at - ON_ITS_WAY

    async def now(self, actor: Actor, pnl: PnL | None = None) -> tuple[DayReport, Sequence[DayMark]]:
        """Today's report as it would be at this moment, and how each row stands: what tomorrow counts from.

        pnl: the day as it was just read. BrokerError passes through.
        """
        account, _ = self.views.connection(actor)
        day = ist_date(self.clock.now())
        pnl = pnl or await self.views.pnl(actor)
        funds = await self.views.funds(actor)
        report = replace(
            await self.from_records(account, day),
            booked=pnl.booked,
            open=pnl.open,
            adjustment=pnl.adjustment,
            charges=pnl.charges,
            charges_missing=pnl.charges_missing,
            carried=tuple(line for line in pnl.lines if is_carried(line)),
            cash=funds.available,
            complete=all(line.booked is not None and line.open is not None for line in pnl.lines),
            records_only=False,
        )
        return report, [mark_of(account.id, line, day) for line in pnl.lines]

    async def from_records(self, account: Account, day: date) -> DayReport:
        """What our own records count of a date in India. No figure in rupees is in it."""

        def count(db: Repositories) -> DayReport:
            orders = db.orders.of_day(account.id, day)
            return DayReport(
                account_id=account.id,
                date=day.isoformat(),
                booked=ZERO,
                open=ZERO,
                charges=None,
                orders=len(orders),
                filled_orders=sum(order.filled > 0 for order in orders),
                rejected_orders=sum(order.status in (OrderStatus.REJECTED, OrderStatus.REFUSED) for order in orders),
                trades=db.ledger.count(account.id, day),
                carried=(),
                cash=None,
                made_at=self.clock.now(),
                complete=False,
                records_only=True,
            )

        return await self.store.read(count)


def is_carried(line: PositionLine) -> bool:
    """Whether it is still there on the next day: neither shares that left the holdings nor a contract that has ended."""
    return line.position.is_open and not line.settled
