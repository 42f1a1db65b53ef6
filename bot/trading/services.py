"""Every use case, built once at the start and handed to the handlers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.clock import Clock
from bot.domain.latency import Latency
from bot.domain.orders.order import LOOKED_FOR
from bot.domain.people.account import Account, Actor, Role
from bot.domain.people.audit import Act, ActPage
from bot.domain.ports.pictures import Pictures
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.proposals.proposal import Status
from bot.domain.value import value
from bot.trading.account.account_views import AccountViews
from bot.trading.account.accounts import Accounts
from bot.trading.account.lines import Lines
from bot.trading.account.quotes import Quotes
from bot.trading.baskets.baskets import Baskets
from bot.trading.charts.candle_charts import CandleCharts
from bot.trading.charts.payoffs import Payoffs
from bot.trading.converting.conversions import Conversions
from bot.trading.desk.kill_switch import KillSwitch
from bot.trading.desk.order_desk import OrderDesk
from bot.trading.desk.working_orders import WorkingOrders
from bot.trading.exit_lists.exit_lists import ExitLists
from bot.trading.exit_lists.reversals import Reversals
from bot.trading.money.exports import Exports
from bot.trading.money.range_pnl import RangePnl
from bot.trading.money.summaries import Summaries
from bot.trading.people.acts import in_words
from bot.trading.people.allowlist import Allowlist
from bot.trading.people.invitations import Invitations
from bot.trading.people.news_choices import NewsChoices
from bot.trading.plans.trails import Trails
from bot.trading.pnl_exits.pnl_exits import PnlExits
from bot.trading.proposals.answers import Answers
from bot.trading.proposals.later_cards import LaterCards
from bot.trading.proposals.prompts import Prompts
from bot.trading.proposals.proposals import Proposals
from bot.trading.proposals.repairing import Repairing
from bot.trading.safety.limits import OwnLimits
from bot.trading.safety.pins import Pins
from bot.trading.sessions.logins import Logins
from bot.trading.sessions.secret_entry import SecretEntry
from bot.trading.standing.standing_stops import StandingStops
from bot.trading.unlinking import Unlinking
from bot.trading.watch.alerts import Alerts
from bot.trading.watch.option_chains import OptionChains
from bot.trading.watch.watch_lists import WatchLists

PAGE = 8  # acts on one page of /audit


@value
class Services:
    """What handlers may call."""

    allowlist: Allowlist
    accounts: Accounts
    logins: Logins
    proposals: Proposals
    repairs: Repairing
    later: LaterCards
    answers: Answers
    prompts: Prompts
    desk: OrderDesk
    orders: WorkingOrders
    exits: ExitLists
    pnl_exits: PnlExits
    trails: Trails
    baskets: Baskets
    conversions: Conversions
    reversals: Reversals
    standing: StandingStops
    account_views: AccountViews
    market: Quotes
    alerts: Alerts
    watch_lists: WatchLists
    news: NewsChoices
    charts: CandleCharts
    chains: OptionChains
    payoffs: Payoffs
    pictures: Pictures
    switch: KillSwitch
    unlinking: Unlinking
    invitations: Invitations
    limits: OwnLimits
    pins: Pins
    summaries: Summaries
    range_pnl: RangePnl
    exports: Exports
    secret_entry: SecretEntry
    host: "Host"
    mode: str  # PAPER or LIVE: stands on every card that touches money
    clock: Clock


@dataclass(slots=True, kw_only=True)
class Host:
    """How the bot itself is doing."""

    store: Store
    logins: Logins
    views: AccountViews
    clock: Clock
    mode: str
    version: str
    started_at: datetime
    lines: Lines
    telegram: Latency  # of its answers to what we send
    inspect: Callable[[], Awaitable[Sequence[str]]]  # what matters of the report of `python -m bot diagnose`, for /status full

    async def audit(self, actor: Actor, before: int | None = None) -> ActPage:
        """A page of the record of acts, older than `before`. An owner of some accounts sees what was done on those."""
        person = actor.user.telegram_id

        def read(db: Repositories) -> ActPage:
            of_all = db.people.role_on(person, None) is Role.OWNER
            own = [one.id for one in db.accounts.all() if db.people.role_on(person, one.id) is Role.OWNER]
            rows = db.audit.page(before, PAGE + 1, None if of_all else own)
            names = {user.telegram_id: user.name for user, _, _ in db.people.all()}
            acts = tuple(
                Act(
                    id=number,
                    at=at,
                    who=names.get(who or 0, str(who or "bot or host")),
                    what=what,
                    detail=in_words(db, at, detail, names),
                )
                for number, at, who, what, detail in rows[:PAGE]
            )
            return ActPage(acts=acts, older=acts[-1].id if len(rows) > PAGE else None)

        return await self.store.transaction(read)

    async def status(self, actor: Actor) -> Status:
        """The bot's own state, for /status."""

        def read(db: Repositories) -> tuple[list[Account], tuple[int, int], int, list[int], datetime | None]:
            waiting = sum(order.status in LOOKED_FOR for order in db.orders.unsettled())
            mine = [one for one in db.accounts.all() if db.people.role_on(actor.user.telegram_id, one.id) is not None]
            gaps = [self.lines.gaps(db, account.id) for account in mine]
            return mine, db.outbox.counts(), waiting, gaps, db.outbox.oldest()

        mine, (waiting, buried), looked_for, gaps, oldest = await self.store.transaction(read)
        instruments = self.views.instruments
        return Status(
            mode=self.mode,
            version=self.version,
            started_at=self.started_at,
            now=self.clock.now(),
            sessions=tuple([await self.logins.state_of(account) for account in mine]),
            notices_waiting=waiting,
            notices_buried=buried,
            master_date=instruments.day.isoformat() if instruments.day else None,
            master_rows=len(instruments),
            looked_for=looked_for,
            lines=tuple(map(self.lines.of, mine, gaps)),
            oldest_notice=oldest,
            telegram=self.telegram.seconds,
        )
