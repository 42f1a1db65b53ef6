"""Sample values and small hand-made services, so that the face can be tried without the heart."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from bot.domain.clock import Clock
from bot.domain.errors import ConfirmationGone, NotFound, PinWanted, StorageError, UnknownSymbol
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.market.prices import Level, Price
from bot.domain.orders.order import (
    Confirmation,
    Fill,
    Order,
    OrderDraft,
    OrderKind,
    OrderRequest,
    OrderStatus,
    Product,
    Purpose,
    Side,
)
from bot.domain.orders.portfolio import DayReport, Funds, Holding, Holdings, PnL, Position, PositionLine, Positions
from bot.domain.orders.proposal import (
    Change,
    ChangeOptions,
    CodeWanted,
    Killed,
    LoggedIn,
    OrderDetail,
    OrderList,
    Proposal,
    Question,
    Quoted,
    Remark,
    Resumed,
    SessionState,
    Status,
    TradeLine,
    TradeList,
    Unlinked,
    UnlinkQuestion,
)
from bot.domain.people.access import DayLock, Invited, LimitsShown, Pad, PadEnded, PadStep, PadUse, PinState, Welcome
from bot.domain.people.account import Account, Actor, CodeKind, Limits, Role, Session, Stop, User
from bot.domain.people.audit import Act, ActPage
from bot.domain.people.secret import Secret
from bot.domain.people.secret_entry import EntryKind, Offered, Ticket
from bot.domain.ports.broker import InboxEntry
from bot.trading.account.account_views import Which
from bot.trading.people.allowlist import Allowlist
from bot.trading.services import Services
from tests.stage.orders import NIFTY_CALL, RELIANCE, a_draft, an_order

ASHA, RAVI, STRANGER = 4211, 4212, 666
NOW = datetime(2026, 11, 20, 8, 32, 11, tzinfo=UTC)  # 14:02:11 IST
MAIN = Account(id="a1", label="main", client="MA••••1", created_at=NOW)
PAPA = Account(id="a2", label="papa", client="MA••••2", created_at=NOW)
TOKEN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

A_PRICE = Price(
    last=Decimal("1480.30"),
    at=NOW - timedelta(seconds=1),
    bid=Decimal("1480.20"),
    ask=Decimal("1480.30"),
    previous_close=Decimal("1470.00"),
    open=Decimal("1472.00"),
    high=Decimal("1490.00"),
    low=Decimal("1465.10"),
    bids=(Level(price=Decimal("1480.20"), quantity=120), Level(price=Decimal("1480.10"), quantity=98000)),
    asks=(Level(price=Decimal("1480.30"), quantity=500),),
)
PROTECTED = a_draft(price=Decimal("1487.70"), protected=True)


def a_confirmation(**changes: Any) -> Confirmation:
    confirmation = Confirmation(
        token=TOKEN,
        user_id=ASHA,
        chat_id=ASHA,
        message_id=None,
        account_id="a1",
        purpose=Purpose.PLACE,
        digest="d",
        draft=PROTECTED,
        created_at=NOW,
        expires_at=NOW + timedelta(seconds=60),
    )
    return replace(confirmation, **changes)


def a_proposal(**changes: Any) -> Proposal:
    proposal = Proposal(
        confirmation=a_confirmation(),
        account=MAIN,
        draft=PROTECTED,
        price=A_PRICE,
        value=Decimal("14877.00"),
        margin=Decimal("14877.00"),
        cash=Decimal("245310.55"),
        cash_after=Decimal("230433.55"),
        charges=Decimal("17.67"),
        charges_both=Decimal("54.35"),
        break_even=Decimal("5.44"),
        break_even_ticks=55,
        warnings=(Remark(name="limit", say="4.1 % of the daily limit left"),),
    )
    return replace(proposal, **changes)


def a_position(**changes: Any) -> Position:
    position = Position(
        instrument=RELIANCE,
        product=Product.CNC,
        quantity=25,
        bought=25,
        sold=0,
        bought_value=Decimal("36785.00"),
        sold_value=Decimal(0),
        average=Decimal("1471.40"),
    )
    return replace(position, **changes)


SHORT_CALL = a_position(
    instrument=NIFTY_CALL,
    product=Product.NRML,
    quantity=-65,
    bought=0,
    sold=65,
    bought_value=Decimal(0),
    sold_value=Decimal("6038.50"),
    average=Decimal("92.90"),
)
LINES = (
    PositionLine(position=a_position(), price=A_PRICE, booked=Decimal(0), open=Decimal("222.50")),
    PositionLine(position=SHORT_CALL, price=Price(last=Decimal("98.40")), booked=Decimal("640.25"), open=Decimal("-357.50")),
)


def a_holding(**changes: Any) -> Holding:
    holding = Holding(
        instrument=RELIANCE,
        isin="INE002A01018",
        quantity=40,
        t1=5,
        authorised=0,
        collateral=20,
        average=Decimal("1400.00"),
        last=Decimal("1480.30"),
        previous_close=Decimal("1470.00"),
    )
    return replace(holding, **changes)


def a_report(**changes: Any) -> DayReport:
    report = DayReport(
        account_id="a1",
        date="2026-11-20",
        booked=Decimal("4180.00"),
        open=Decimal("-322.50"),
        charges=Decimal("444.80"),
        orders=14,
        filled_orders=11,
        rejected_orders=1,
        trades=18,
        carried=(LINES[1],),
        cash=Decimal("245310.55"),
        made_at=NOW,
    )
    return replace(report, **changes)


def a_session(**changes: Any) -> Session:
    session = Session(token=Secret("jwt"), issued=NOW, expires=datetime(2026, 11, 20, 18, 30, tzinfo=UTC))
    return replace(session, **changes)


class FakeRoster:
    """The list of people, in memory as the real one."""

    def __init__(self, people: dict[int, Role]) -> None:
        self.roles = people
        self.listed = set(people)  # the copy in memory, which may be old
        self.stale = False
        self.refreshed = 0

    def known(self, telegram_id: int) -> bool:
        return telegram_id in self.listed

    def people(self) -> Sequence[tuple[int, Role]]:
        return tuple(self.roles.items())

    async def refresh(self) -> None:
        self.refreshed += 1


@dataclass
class FakeAccounts:
    """Accounts whose login wants a code once."""

    allowlist: FakeRoster
    clock: Clock
    wants_code: bool = False
    refuses: Exception | None = None
    codes: list[str | None] = field(default_factory=list)
    asked_for: list[tuple[int, str | None]] = field(default_factory=list)
    logged_in: list[str] = field(default_factory=list)
    both_mine: bool = False
    refuses_once: Exception | None = None
    sealed: set[int] = field(default_factory=set)  # people whose phones are sealed

    async def actor(self, telegram_id: int, label: str | None = None) -> Actor | None:
        self.asked_for.append((telegram_id, label))
        if telegram_id not in self.allowlist.roles:
            return None
        account = {None: MAIN, "main": MAIN, "papa": PAPA}.get(label)
        if account is None:
            raise NotFound(f'You have no account "{label}".')
        user = User(telegram_id=telegram_id, name="Asha")
        return Actor(user=user, role=self.allowlist.roles[telegram_id], account=account, sealed=telegram_id in self.sealed)

    async def all(self, actor: Actor) -> Sequence[tuple[Account, Role]]:
        return ((MAIN, actor.role), (PAPA, actor.role if self.both_mine else Role.VIEWER))

    async def use(self, actor: Actor, label: str) -> Account:
        return PAPA

    async def login(self, actor: Actor, code: str | None = None) -> LoggedIn | CodeWanted:
        self.codes.append(code)
        if self.refuses is not None:
            raise self.refuses
        if self.refuses_once is not None:
            refusal, self.refuses_once = self.refuses_once, None
            raise refusal
        if self.wants_code and code is None:
            return CodeWanted(account=actor.account or MAIN, kind=CodeKind.TOTP, until=self.clock.now() + timedelta(seconds=300))
        self.wants_code = False
        account = actor.account or MAIN
        self.logged_in.append(account.label)
        return LoggedIn(account=account, session=a_session())

    def expects_code(self, telegram_id: int) -> bool:
        return self.wants_code

    async def logout(self, actor: Actor) -> Account:
        return MAIN

    async def session(self, actor: Actor) -> SessionState:
        return SessionState(account=MAIN, session=a_session(), feed_connected=True, seed_stored=False)

    async def people(self, actor: Actor) -> Sequence[tuple[User, str | None, Role]]:
        return (
            (User(telegram_id=ASHA, name="Asha"), None, Role.OWNER),
            (User(telegram_id=RAVI, name="Ravi"), "main", Role.VIEWER),
        )


@dataclass
class FakeHost:
    """A bot that has been up for two hours."""

    clock: Clock
    accounts: FakeAccounts

    async def audit(self, actor: Actor, before: int | None = None) -> ActPage:
        first = 20 if before is None else before - 1
        numbers = range(first, max(first - 8, 0), -1)
        acts = tuple(
            Act(id=number, at=NOW, who="Asha", what="order", detail=f"o{number} · update {1000 + number}") for number in numbers
        )
        return ActPage(acts=acts, older=acts[-1].id if acts and acts[-1].id > 1 else None)

    async def full(self, actor: Actor) -> Sequence[str]:
        return ["vault without key: no", "memory accounts: 1"]

    async def status(self, actor: Actor) -> Status:
        return Status(
            mode="PAPER",
            version="0.1.0",
            started_at=NOW - timedelta(hours=2),
            now=self.clock.now(),
            sessions=(await self.accounts.session(actor),),
            notices_waiting=0,
            notices_buried=1,
            master_date="2026-11-20",
            master_rows=148213,
            looked_for=1,
        )


@dataclass
class FakeDesk:
    """A desk with one rule of the real one: a question is claimed once."""

    clock: Clock
    proposed: list[OrderRequest] = field(default_factory=list)
    bound: dict[str, int] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    cancelled: list[int | str] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    exited: list[tuple[InstrumentKey, Product]] = field(default_factory=list)
    acted: list[tuple[str, str]] = field(default_factory=list)
    modified: list[tuple[int, Decimal | None, int | None]] = field(default_factory=list)
    refuses: Exception | None = None
    ran_away: bool = False
    expired: bool = False
    is_stop: bool = False
    before_answer: Callable[[], Any] | None = None
    count: int = 0

    def _ask(self, **changes: Any) -> Proposal:
        self.count += 1
        token = f"TOKEN{self.count}"
        now = self.clock.now()
        confirmation = a_confirmation(token=token, created_at=now, expires_at=now + timedelta(seconds=60))
        return a_proposal(confirmation=confirmation, **changes)

    async def propose(self, actor: Actor, request: OrderRequest, *, chat_id: int) -> Proposal:
        if self.refuses is not None:
            raise self.refuses
        self.proposed.append(request)
        return self._ask(account=actor.account or MAIN)

    async def shown(self, token: str, message_id: int) -> None:
        self.bound[token] = message_id

    async def confirm(
        self,
        actor: Actor,
        token: str,
        *,
        chat_id: int,
        message_id: int,
        in_words: bool = False,
        answered: Callable[[], Awaitable[object]] | None = None,
    ) -> Order | Proposal | Resumed:
        if in_words is not token.startswith(("RESUME", "STOP")):
            raise ConfirmationGone("This button does not belong to this question. Nothing was sent.")
        if answered is not None:
            await answered()
        if self.before_answer is not None:
            await self.before_answer()
        if self.refuses is not None:
            raise self.refuses
        if self.expired:
            raise ConfirmationGone("This card expired at 14:03:11. Nothing was sent.", again=True)
        if token not in self.bound:
            raise ConfirmationGone("I don't know this card. Nothing was sent.")
        if token in self.sent:
            raise ConfirmationGone("This card was answered already.")
        if self.bound[token] != message_id:
            raise ConfirmationGone("This button belongs to another message. Nothing was sent.")
        if token.startswith("RESUME"):
            return Resumed(account=MAIN, at=self.clock.now())
        if self.ran_away:
            self.ran_away = False
            return self._ask(redrawn="The ask is 1,491.00 now; your card would no longer fill.")
        self.sent.append(token)
        return an_order(status=OrderStatus.OPEN)

    def may_be_open(self, token: str) -> bool:
        return not self.expired

    async def question(self, actor: Actor, token: str) -> Confirmation:
        return a_confirmation(token=token)

    async def discard(self, actor: Actor, token: str, *, chat_id: int, message_id: int) -> Confirmation:
        if token in self.sent:
            raise ConfirmationGone("This card was answered already.")
        purposes = {"RESUME1": Purpose.RESUME, "STOP1": Purpose.CANCEL, "UNLINK1": Purpose.UNLINK}
        return a_confirmation(token=token, purpose=purposes.get(token, Purpose.PLACE))

    async def change(self, actor: Actor, token: str, change: Change, *, chat_id: int) -> Proposal:
        self.changed.append(change)
        return self._ask(draft=a_draft(quantity=change.quantity or 10, price=change.price or Decimal("1487.70")))

    async def change_options(self, actor: Actor, token: str) -> ChangeOptions:
        return ChangeOptions(
            quantities=(5, 9, 11, 20),
            steps=(("Lower", Decimal("1486.20")), ("Higher", Decimal("1489.20"))),
            seen=(("Bid", Decimal("1480.20")), ("Mid", Decimal("1480.25")), ("Ask", Decimal("1480.30"))),
            products=(Product.CNC, Product.MIS),
        )

    async def again(self, actor: Actor, token: str, *, chat_id: int) -> Proposal:
        self.expired = False
        return self._ask()

    async def same_again(self, actor: Actor, order_id: str, *, chat_id: int) -> Proposal:
        self.acted.append(("same_again", order_id))
        return self._ask()

    async def reverse(self, actor: Actor, order_id: str, *, chat_id: int) -> Proposal:
        self.acted.append(("reverse", order_id))
        return self._ask()

    async def exit_of(self, actor: Actor, order_id: str, *, chat_id: int) -> Proposal:
        self.acted.append(("exit_of", order_id))
        return self._ask()

    async def exit_position(self, actor: Actor, key: InstrumentKey, product: Product, *, chat_id: int) -> Proposal:
        self.exited.append((key, product))
        return self._ask(draft=a_draft(side=Side.SELL, quantity=25, price=Decimal("1470.00"), protected=True))

    async def modify(self, actor: Actor, number: int, *, price: Decimal | None, quantity: int | None, chat_id: int) -> Proposal:
        self.modified.append((number, price, quantity))
        return self._ask(
            before=an_order(number=number, status=OrderStatus.OPEN), draft=a_draft(price=price or Decimal("1480.30"))
        )

    async def cancel(self, actor: Actor, order: int | str, *, chat_id: int) -> Order | Question:
        self.cancelled.append(order)
        if self.is_stop:
            stop = an_order(status=OrderStatus.TRIGGER_PENDING, draft=A_STOP)
            return Question(confirmation=a_confirmation(token="STOP1", purpose=Purpose.CANCEL), account=MAIN, order=stop)
        return an_order(number=12, status=OrderStatus.OPEN)

    async def cancel_all(self, actor: Actor) -> Sequence[Order]:
        return (an_order(number=12, status=OrderStatus.OPEN), an_order(id="o2", number=13, status=OrderStatus.PARTIAL, filled=4))

    async def sync(self, actor: Actor, order_id: str) -> Order:
        return an_order(status=OrderStatus.UNKNOWN)

    async def give_up(self, actor: Actor, order_id: str) -> Order:
        return an_order(status=OrderStatus.NOT_SEEN)


A_STOP = OrderDraft(
    instrument=NIFTY_CALL,
    side=Side.SELL,
    quantity=65,
    kind=OrderKind.SL,
    product=Product.NRML,
    price=Decimal("74.00"),
    trigger=Decimal("80.00"),
)


@dataclass
class FakeBooks:
    """Books with a little of everything."""

    clock: Clock
    broken: Exception | None = None

    async def orders(self, actor: Actor, which: Which = "all") -> OrderList:
        if self.broken is not None:
            raise self.broken
        some = tuple(an_order(id=f"o{number}", number=number, status=OrderStatus.OPEN) for number in range(1, 13))
        return OrderList(account=actor.account or MAIN, orders=some, as_of=self.clock.now())

    async def order(self, actor: Actor, number: int) -> OrderDetail:
        if number != 12:
            raise NotFound(f"There is no order #{number} today.")
        return await self.order_by_id(actor, "o12")

    async def order_by_id(self, actor: Actor, order_id: str) -> OrderDetail:
        order = an_order(
            id=order_id, number=12, status=OrderStatus.PARTIAL, filled=4, average=Decimal("1480.30"), broker_id="115126"
        )
        fill = Fill(broker_id="115126", filled_after=4, quantity=4, price=Decimal("1480.30"), average=Decimal("1480.30"), at=NOW)
        return OrderDetail(account=MAIN, order=order, fills=(fill,), price=A_PRICE)

    async def trades(self, actor: Actor) -> TradeList:
        line = TradeLine(instrument=RELIANCE, side=PROTECTED.side, quantity=10, price=Decimal("1480.30"), at=NOW, number=12)
        return TradeList(account=MAIN, trades=(line,), as_of=self.clock.now())

    async def positions(self, actor: Actor) -> Positions:
        return Positions(lines=LINES, as_of=self.clock.now())

    async def holdings(self, actor: Actor) -> Holdings:
        return Holdings(lines=(a_holding(),), as_of=self.clock.now())

    async def funds(self, actor: Actor) -> Funds:
        return Funds(
            available=Decimal("245310.55"),
            used=Decimal("14877.00"),
            start_of_day=None,
            realised_loss=Decimal(0),
            collateral=Decimal(0),
            as_of=self.clock.now(),
        )

    async def pnl(self, actor: Actor) -> PnL:
        return PnL(
            booked=Decimal("640.25"),
            open=Decimal("-135.00"),
            charges=Decimal("81.30"),
            as_of=self.clock.now(),
            lines=LINES,
            holdings_change=Decimal("412.00"),
        )


@dataclass
class FakeMarket:
    """Knows RELIANCE and one call."""

    clock: Clock

    async def quote(self, actor: Actor, words: str) -> Quoted:
        if "relaince" in words.lower():
            raise UnknownSymbol(f'No "{words}" on NSE.', near=(("RELIANCE", "/quote RELIANCE nse"),))
        return Quoted(instrument=RELIANCE, price=A_PRICE, as_of=self.clock.now())

    async def search(self, actor: Actor, words: str) -> Sequence[Instrument]:
        return (RELIANCE, NIFTY_CALL)


@dataclass
class FakeSwitch:
    """A switch that remembers."""

    clock: Clock
    desk: FakeDesk
    killed: int = 0

    async def kill(self, actor: Actor) -> Killed:
        self.killed += 1
        stop = Stop(account_id="a1", by=actor.user.telegram_id, at=self.clock.now())
        entries = (an_order(number=12, status=OrderStatus.OPEN), an_order(id="o2", number=13, status=OrderStatus.OPEN))
        return Killed(account=actor.account or MAIN, stop=stop, already=self.killed > 1, entries=entries, stops=())

    async def ask_resume(self, actor: Actor, *, chat_id: int) -> Question:
        stop = Stop(account_id="a1", by=ASHA, at=self.clock.now(), why="tired")
        return Question(confirmation=a_confirmation(token="RESUME1", purpose=Purpose.RESUME, draft=None), account=MAIN, stop=stop)

    async def cancel_entries(self, actor: Actor) -> Sequence[Order]:
        return await self.desk.cancel_all(actor)


@dataclass
class FakeUnlinking:
    """One account to be unlinked, with an order and a position left."""

    asked: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    refuses: Exception | None = None

    async def ask(self, actor: Actor, label: str, *, chat_id: int) -> UnlinkQuestion:
        self.asked.append(label)
        orders = (an_order(number=12, status=OrderStatus.OPEN),)
        confirmation = a_confirmation(token="UNLINK1", purpose=Purpose.UNLINK, draft=None)
        return UnlinkQuestion(confirmation=confirmation, account=PAPA, orders=orders, positions=(SHORT_CALL,))

    async def confirm(self, actor: Actor, token: str, *, chat_id: int, message_id: int) -> Unlinked:
        if self.refuses is not None:
            raise self.refuses
        if token != "UNLINK1":
            raise ConfirmationGone("This button does not belong to this question. Nothing was sent.")
        self.done.append(token)
        return Unlinked(account=PAPA, logged_out=True)


@dataclass
class FakeJoining:
    """A door with one key, used once."""

    code: str = "abcdefghijklmnopqrstuvwxyz"
    used: bool = False
    removed: list[str] = field(default_factory=list)
    told: list[tuple[int, str]] = field(default_factory=list)
    knocks: list[tuple[int, str, str]] = field(default_factory=list)
    wants_pin: bool = False
    broken: bool = False

    async def invite(self, actor: Actor, role: Role, label: str | None) -> Invited:
        if self.wants_pin:
            self.wants_pin = False
            raise PinWanted("Inviting somebody: your PIN, please.", proof="invite")
        return Invited(code=Secret(self.code), role=role, label=label, expires_at=NOW + timedelta(minutes=10))

    async def join(self, telegram_id: int, name: str, code: str) -> Welcome | str | None:
        self.knocks.append((telegram_id, name, code))
        if code != self.code:
            return None
        if self.used:
            return "This link is over: it works once, for ten minutes. Ask for a new one."
        self.used = True
        return Welcome(role=Role.TRADER, label=None, by="Asha")

    async def remove(self, actor: Actor, who: str) -> User:
        self.removed.append(who)
        return User(telegram_id=RAVI, name="Ravi")

    async def tried(self, telegram_id: int, name: str, what: str) -> None:
        if self.broken:
            raise StorageError("The disk is full: nothing can be stored.")
        self.told.append((telegram_id, what))


@dataclass
class FakeLimits:
    """Limits that remember what they were asked."""

    asked: list[tuple[str, object]] = field(default_factory=list)

    async def show(self, actor: Actor) -> LimitsShown:
        return LimitsShown(account=MAIN, today=Limits(), later=None, day_lock=None, sent_today=3)

    async def change(self, actor: Actor, name: str, value: object) -> LimitsShown:
        self.asked.append((name, value))
        return await self.show(actor)

    async def lock_day(self, actor: Actor) -> LimitsShown:
        self.asked.append(("lock", None))
        lock = DayLock(account_id="a1", day=date(2026, 11, 20), at=NOW, by=ASHA, why="Asha locked it")
        return replace(await self.show(actor), day_lock=lock)


@dataclass
class FakePins:
    """A keypad in plain order; the PIN is 482913."""

    has_pin: bool = True
    tapped: str = ""
    use: PadUse = PadUse.PROVE
    proofs: list[str] = field(default_factory=list)
    sealed: bool = False

    async def state(self, actor: Actor) -> PinState:
        return PinState(set=self.has_pin, sealed_since=NOW if self.sealed else None, closed_until=None)

    async def open(self, actor: Actor, use: PadUse, *, proof: str = "") -> Pad:
        self.tapped, self.use = "", use
        self.proofs.append(proof)
        return self._pad()

    def _pad(self) -> Pad:
        until = NOW + timedelta(minutes=2)
        return Pad(id="pad1", use=self.use, step=PadStep.CURRENT, digits=tuple(range(10)), entered=len(self.tapped), until=until)

    async def press(self, actor: Actor, pad_id: str, place: int) -> Pad | PadEnded:
        self.tapped = self.tapped[:-1] if place == 10 else f"{self.tapped}{place}"
        if len(self.tapped) < 6:
            return self._pad()
        right = self.tapped == "482913"
        return PadEnded(use=self.use, right=right, say="PIN accepted." if right else "Wrong.")

    def close(self, actor: Actor, pad_id: str) -> None:
        self.tapped = ""

    async def seal(self, actor: Actor) -> PinState:
        self.sealed = True
        return await self.state(actor)


@dataclass
class FakeReports:
    """One day."""

    asked: list[date | None] = field(default_factory=list)

    async def day(self, actor: Actor, day: date | None) -> DayReport:
        self.asked.append(day)
        return a_report()


class FakeEntering:
    """Makes links that lead nowhere."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.on_host = True

    async def link(self, actor: Actor, label: str) -> Offered:
        return self._offer(EntryKind.LINK, label, actor)

    async def login(self, actor: Actor) -> Offered:
        return self._offer(EntryKind.LOGIN, MAIN.label, actor)

    def _offer(self, kind: EntryKind, label: str, actor: Actor) -> Offered:
        until = self.clock.now() + timedelta(minutes=10)
        ticket = Ticket(person=actor.user.telegram_id, kind=kind, label=label, until=until)
        address = "http://127.0.0.1:5000/mstock/callback?code=CODE" if self.on_host else "https://bot.example/mstock?code=CODE"
        return Offered(ticket=ticket, address=address, on_host=self.on_host)


class FakeServices:
    """All of them, built around one clock."""

    def __init__(self, clock: Clock, people: dict[int, Role] | None = None) -> None:
        self.clock = clock
        self.mode = "PAPER"
        self.allowlist = FakeRoster(people if people is not None else {ASHA: Role.OWNER})
        self.accounts = FakeAccounts(self.allowlist, clock)
        self.host = FakeHost(clock, self.accounts)
        self.desk = self.proposals = self.orders = FakeDesk(clock)
        self.books = FakeBooks(clock)
        self.market = FakeMarket(clock)
        self.switch = FakeSwitch(clock, self.desk)
        self.unlinking = FakeUnlinking()
        self.invitations = FakeJoining()
        self.limits = FakeLimits()
        self.pins = FakePins()
        self.reports = FakeReports()
        self.secret_entry = FakeEntering(clock)


def as_services(fake: FakeServices) -> Services:
    return cast("Services", fake)


def as_allowlist(fake: FakeRoster) -> Allowlist:
    return cast("Allowlist", fake)


class FakeInbox:
    """An inbox that survives its bot, as the database does."""

    def __init__(self) -> None:
        self.entries: dict[int, InboxEntry] = {}
        self.handled: dict[int, datetime] = {}
        self.refuses: Exception | None = None

    async def add(self, updates: Sequence[InboxEntry]) -> Sequence[InboxEntry]:
        if self.refuses is not None:
            raise self.refuses
        fresh = [entry for entry in updates if entry.update_id not in self.entries]
        self.entries |= {entry.update_id: entry for entry in fresh}
        return fresh

    async def waiting(self) -> Sequence[InboxEntry]:
        return [entry for update_id, entry in sorted(self.entries.items()) if update_id not in self.handled]

    async def done(self, update_id: int, at: datetime) -> None:
        self.handled[update_id] = at

    async def highest(self) -> int | None:
        return max(self.entries, default=None)

    async def forget_before(self, moment: datetime) -> int:
        return 0
