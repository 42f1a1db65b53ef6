"""The paper broker in one piece: books, market, sessions and faults, built once and handed to REST, socket and desk."""

from __future__ import annotations

import random
from datetime import date, time, timedelta
from functools import lru_cache

from bot.simulators.broker.accounts.ledger import Ledger
from bot.simulators.broker.accounts.portfolio import Portfolio
from bot.simulators.broker.accounts.records import CANCELLED, Account, Holding, Order, day_text
from bot.simulators.broker.accounts.session import Sessions
from bot.simulators.broker.day_end import DayEnd
from bot.simulators.broker.exchange.exchange import Exchange
from bot.simulators.broker.exchange.matching import Latency, Matcher
from bot.simulators.broker.exchange.orderbook import Clock, OrderBook, Publish
from bot.simulators.broker.exchange.risk import RiskCheck
from bot.simulators.broker.faults.armed import ActiveFault, ActiveFaults
from bot.simulators.broker.faults.errors import BadSettings
from bot.simulators.broker.market.candles import Candles
from bot.simulators.broker.market.hours import Timetable, at_ist, ist
from bot.simulators.broker.market.instruments import Instrument, Key
from bot.simulators.broker.market.market import Market, Move
from bot.simulators.broker.market.master import ContractRow, Master, indices, next_token, shares
from bot.simulators.broker.market.prices import PriceSource, Walk
from bot.simulators.broker.market.replay import Replay
from bot.simulators.broker.rows import Manners
from bot.simulators.broker.settings import PaperAccount, PaperHolding, PaperSettings


def level_on(source: PriceSource, underlying: Instrument, day: date) -> int:
    """Around which price (paise) the strikes of an expiry lie: that of a day long before it."""
    return round(source.level(underlying, at_ist(day, time(0, 0))))


@lru_cache(maxsize=4)
def first_master(today: date, seed: int, walk: float) -> tuple[Master, list[ContractRow]]:
    """The master of a broker that has no books yet: the same for all of them, so it is made once (it takes a while)."""
    source, given = Walk(seed, walk), dict[str, dict[str, str]]()
    master = Master(
        today, lambda underlying, day: level_on(source, underlying, day), lambda exchange, name: next_token(given, exchange, name)
    )
    return master, master.contract_rows()


class PaperBroker:
    """Holds the parts together and answers the few questions that all of them ask."""

    def __init__(self, settings: PaperSettings, *, clock: Clock, rng: random.Random) -> None:
        self.settings = settings
        self.clock = clock
        self.rng = rng
        self._source = self._prices()  # before the books are taken: candles that cannot be read leave them free
        self.ledger = Ledger(settings.data)
        self.timetable = Timetable(settings.hours, settings.seed)
        self.faults = ActiveFaults()
        self.faults.told = self._tell_fault
        self.sessions = Sessions(self.ledger, rng, self.faults)
        self.listeners: list[Publish] = []  # the socket; told of every change of an order
        self._master: Master | None = None
        self._kept = 0
        self.market = Market(self.find, self._source, self.timetable, settings.seed)
        self._thinned: date | None = None
        self._read_moves()
        self.candles = Candles(self.market, self.timetable)
        self.portfolio = Portfolio(self.ledger, self.market, self.find)
        risk = RiskCheck(self.portfolio, self.market, self.timetable)
        self.book = OrderBook(
            ledger=self.ledger, portfolio=self.portfolio, find=self.find, clock=clock, rng=rng, faults=self.faults,
            publish=self._publish,
        )  # fmt: skip
        self._day_end = DayEnd(
            ledger=self.ledger, book=self.book, portfolio=self.portfolio, market=self.market, timetable=self.timetable,
            clock=clock, find=self.find,
        )  # fmt: skip
        self.matcher = Matcher(self.book, self.market, risk, self.timetable, Latency(settings.transit, settings.match))
        self.exchange = Exchange(
            book=self.book, matcher=self.matcher, risk=risk, timetable=self.timetable, lookup=self.lookup
        )  # fmt: skip
        for account in settings.accounts:
            self.open_account(account)

    def _prices(self) -> PriceSource:
        walk = Walk(self.settings.seed, self.settings.walk)
        if self.settings.replay is None:
            return walk
        symbols: dict[str, Key] = {index.symbol: index.key for index in indices()}
        symbols |= {name: share.cash.key for share in shares() for name in (share.cash.symbol, share.cash.name)}
        return Replay.from_file(self.settings.replay, walk, symbols)

    def open_account(self, wanted: PaperAccount) -> None:
        """Makes the account on first sight. Later only its keys follow the settings, its money and books stay."""
        with self.ledger.change():
            account = self.ledger.accounts.get(wanted.client)
            if account is None:
                holdings = [self._holding(wanted.client, owned) for owned in wanted.holdings]
                account = Account(
                    client=wanted.client, name=wanted.name, password=wanted.password, api_key=wanted.api_key,
                    totp_seed=wanted.totp_seed, pan=wanted.pan, sod=wanted.cash, day=day_text(self.today()),
                )  # fmt: skip
                for holding in holdings:
                    self.ledger.put(holding)
            account.password, account.api_key, account.totp_seed = wanted.password, wanted.api_key, wanted.totp_seed
            account.ddpi, account.allowed_ips = wanted.ddpi, list(wanted.allowed_ips)
            account.key_expires = wanted.key_expires
            self.ledger.put(account)

    def _holding(self, client: str, owned: PaperHolding) -> Holding:
        cash = self.named("NSE", f"{owned.symbol}-EQ")
        if cash is None:
            raise BadSettings(f"no share is called {owned.symbol!r}")
        return Holding(
            client=client, exchange="NSE", token=cash.token, quantity=owned.quantity, t1=owned.t1,
            cost=owned.average * (owned.quantity + owned.t1), authorised=owned.authorised, collateral=owned.collateral,
        )  # fmt: skip

    # Questions.

    def today(self) -> date:
        """The date of the books: the IST calendar date."""
        return ist(self.clock.now()).date()

    @property
    def master(self) -> Master:
        """The scrip master of today. Made anew when the date changes, or when the tokens that it gave out were not kept."""
        today = self.today()
        if self._master is None or (self._master.date, self._kept) != (today, self.ledger.undone):
            if self.ledger.is_new and self.settings.replay is None:
                master, rows = first_master(today, self.settings.seed, self.settings.walk)
            else:
                master = Master(today, self._centre, self.ledger.token_for)
                rows = master.contract_rows()
            with self.ledger.change():
                self.ledger.keep_contracts(rows)
            self._master, self._kept = master, self.ledger.undone
        return self._master

    def _centre(self, underlying: Instrument, day: date) -> int:
        return level_on(self._source, underlying, day)

    def lookup(self, exchange: str, token: str) -> Instrument | None:
        return self.master.find(exchange, token)

    def named(self, exchange: str, name: str) -> Instrument | None:
        return self.master.by_name.get((exchange, name))

    def find(self, key: Key) -> Instrument:
        """The instrument of a stored fact, also when it has expired since."""
        found = self.master.by_key.get(key) or self.ledger.contract(key)
        if found is None:
            raise BadSettings(f"the books name {key}, which no scrip master ever listed")
        return found

    def manners(self, client: str | None = None) -> Manners:
        return Manners(
            na_suffix=self.faults.on("na_suffix", client) is not None,
            stop_called_sl=self.faults.on("stop_called_sl", client) is not None,
        )

    def roll(self) -> None:
        """Brings every account's books to today. Asked before each call and by the day's own timer."""
        today = self.today()
        self._day_end.roll_accounts(today)
        if self._thinned != today:
            self._thinned = today
            with self.ledger.change():
                gone = self.ledger.thin_moves(at_ist(today, time(0, 0)), at_ist(today - timedelta(days=7), time(0, 0)))
            if gone:
                self._read_moves()

    def walk_on(self) -> int:
        """Lets prices go on from where a feed left them standing. Returns how many. For a start without that feed."""
        now = self.clock.now()
        standing = [found for key in self.market.standing() if (found := self.master.by_key.get(key))]
        with self.ledger.change():
            for instrument in standing:
                move = self.market.set_price(instrument, self.market.price(instrument, now), now)
                self.ledger.put_move(instrument.key, move.at, move.offset, move.fixed)
        return len(standing)

    def _read_moves(self) -> None:
        self.market.forget_moves()
        for key, at, offset, fixed in self.ledger.moves():
            self.market.apply(key, Move(at, offset, fixed))

    def square_off(self, account: Account, segments: str = "ED") -> list[Order]:
        """Cancels working INTRADAY orders and closes INTRADAY positions at the market, by orders of the broker's own."""
        now = self.clock.now()
        made: list[Order] = []
        for order in self.ledger.working_of(account.client, account.day):
            if order.product == "INTRADAY" and self.find(order.key).segment in segments:
                self.book.end(order, CANCELLED, "CANCELLED BY RMS")
        for position in self.portfolio.positions(account.client, account.day):
            instrument = self.find(position.key)
            if position.product == "INTRADAY" and position.net and instrument.segment in segments:
                bid, ask = self.market.best(instrument, now)
                price = bid if position.net > 0 else ask
                made.append(self.book.by_the_broker(account, instrument, "INTRADAY", -position.net, price))
        return made

    def _publish(self, client: str, kind: str, order: Order) -> None:
        for listener in self.listeners:
            listener(client, kind, order)

    def _tell_fault(self, armed: ActiveFault, route: str, client: str) -> None:
        with self.ledger.change():
            self.ledger.tell(self.clock.now(), client, "fault", name=armed.fault.name, route=route, **armed.params)
