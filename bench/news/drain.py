"""How fast a crowd's news leaves: 1,000 people, 10 fills of distinct orders each at one moment, each a message of its own.

In virtual time, through the real outbox, notifier, messenger and limiter, to a Telegram that keeps its own limits: 30 messages a
second in all, one a second to a chat. The floor is those 30 a second. Safety messages of other people are written last and have
to go first.
"""

import asyncio
import json
import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from telegram.request import BaseRequest, RequestData

from bot.charts.album import Album
from bot.delivery.notifier import Notifier
from bot.domain.clock import at_ist, ist_date
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind
from bot.domain.news.orders.orders import Filled
from bot.domain.news.safety import TradingStopped
from bot.domain.orders.order import Fill, Order, OrderDraft, OrderStatus
from bot.domain.people.account import Account, Credentials
from bot.domain.people.secret import Secret
from bot.domain.ports.repositories import Repositories
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.simulators.telegram.errors import ApiError
from bot.simulators.telegram.flood_limits import FloodLimits
from handlers.messenger import TelegramMessenger
from handlers.telegram.rate_limits import TelegramRateLimiter
from handlers.telegram.receiver import Receiver
from storage.secrets.vault import KEY_BYTES, Vault, WrappingKey
from storage.store import SqlStore
from tests.stage.values.pictures import drawn_in_place

PEOPLE, EACH, WORRIED = 1000, 10, 20
OVERALL = 30.0  # messages a second that Telegram takes in all
ROUND_TRIP = 0.05  # seconds
AIM = "at least 97 % of Telegram's 30 messages a second, nobody starved, safety first"
DAY = at_ist(ist_date(datetime.fromisoformat("2026-11-20T04:00:00+00:00")), 9, 30)
SHARE = Instrument(
    exchange=Exchange.NSE, token="2885", symbol="RELIANCE", name="RELIANCE-EQ", kind=InstrumentKind.EQUITY, lot=1,
    tick=Decimal("0.10"), series="EQ",
)  # fmt: skip
DRAFT = OrderDraft(
    instrument=SHARE, side=Side.BUY, quantity=10, kind=OrderKind.LIMIT, product=Product.CNC, price=Decimal("1487.70")
)
Row = dict[str, Any]


class Telegram(BaseRequest):
    """Takes messages by its own limits and notes when each chat got one."""

    def __init__(self) -> None:
        self.taken: dict[int, list[float]] = {}
        self.refused = 0
        self._limits = FloodLimits(overall=OVERALL)

    @property
    def read_timeout(self) -> float:
        return 10.0

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(  # noqa: PLR0917 - the library's own signature
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = None,
        write_timeout: Any = None,
        connect_timeout: Any = None,
        pool_timeout: Any = None,
    ) -> tuple[int, bytes]:
        """A message is taken a round trip after it was sent, or refused with the seconds to wait."""
        del url, method, read_timeout, write_timeout, connect_timeout, pool_timeout
        asked: dict[str, Any] = dict(request_data.parameters) if request_data is not None else {}
        chat = int(asked["chat_id"])
        now = asyncio.get_running_loop().time()
        try:
            self._limits.step(chat, now)
        except ApiError as error:
            self.refused += 1
            await asyncio.sleep(ROUND_TRIP)
            wait = {"retry_after": error.retry_after}
            return 429, json.dumps({"ok": False, "error_code": 429, "description": str(error), "parameters": wait}).encode()
        self.taken.setdefault(chat, []).append(now)
        await asyncio.sleep(ROUND_TRIP)
        return 200, json.dumps({"ok": True, "result": {"message_id": len(self.taken[chat])}}).encode()


def measure() -> list[Row]:
    """Seconds of virtual time, and how many messages Telegram refused."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        telegram = runner.run(_drained())
    fills = {chat: times for chat, times in telegram.taken.items() if chat <= PEOPLE}
    count, last = sum(map(len, fills.values())), max(max(times) for times in fills.values())
    assert count == PEOPLE * EACH, f"{count} of {PEOPLE * EACH} fills were told"
    first_heard = sorted(times[0] for times in fills.values())
    safety = sorted(times[0] for chat, times in telegram.taken.items() if chat > PEOPLE)
    assert len(safety) == WORRIED, "somebody was not told that trading was stopped"
    floor = (count + WORRIED) / OVERALL
    return [
        _row(f"drain: {count:,} fills to {PEOPLE:,} chats, all told", last, last, floor),
        _row("drain: each person's first fill told", first_heard[PEOPLE // 2], first_heard[-1], PEOPLE / OVERALL),
        _row(f"drain: safety to {WORRIED} other chats, written behind all fills", safety[WORRIED // 2], safety[-1], None),
        _row("drain: messages that Telegram refused", telegram.refused, telegram.refused, None, unit="messages"),
    ]


def _row(name: str, p50: float, worst: float, floor: float | None, *, unit: str = "virtual s") -> Row:
    """A figure with its worst beside it, and the floor that Telegram's limit sets to the worst."""
    ratio = worst / floor if floor else None
    return {
        "name": name, "unit": unit, "ours_p50": p50, "ours_p99": worst, "floor_p50": floor, "floor_p99": floor,
        "ratio_p50": ratio, "ratio_p99": ratio, "aim": AIM,
    }  # fmt: skip


async def _drained() -> Telegram:
    clock = LoopClock(asyncio.get_running_loop(), DAY)
    telegram = Telegram()
    bot = Receiver("7:bench", request=telegram, get_updates_request=telegram, rate_limiter=TelegramRateLimiter())
    chance = random.Random(3)
    vault = Vault([WrappingKey(chance.randbytes(KEY_BYTES))], chance.randbytes)
    async with SqlStore.open(None, vault, inline=True) as store:
        await store.transaction(lambda db: _write(db, clock.now()))
        messenger = TelegramMessenger(bot, mode="PAPER", clock=clock, pictures=Album(drawn_in_place))
        notifier = Notifier(store=store, messenger=messenger, clock=clock, together=False)
        running = asyncio.create_task(notifier.run())
        while await store.transaction(lambda db: db.outbox.counts()[0]):  # noqa: ASYNC110 - the outbox tells nobody that it is empty
            await asyncio.sleep(1.0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert bot.rate_limiter is not None
        await bot.rate_limiter.shutdown()
    return telegram


def _write(db: Repositories, now: datetime) -> None:
    """Each person's fills, each of an order of its own, and behind them what is urgent for others."""
    credentials = Credentials(client_code=Secret("MA1"), password=Secret("x"), api_key=Secret("k"), totp_seed=None)
    db.accounts.add(Account(id="a1", label="main", client="MA••••1", created_at=now), credentials)
    for number in range(EACH):
        for person in range(1, PEOPLE + 1):
            order = _order(f"{person}x{number}", number * PEOPLE + person, now)
            db.orders.add(order, ist_date(now))
            fill = Fill(
                broker_id=order.broker_id or "", filled_after=10, quantity=10, price=Decimal("1480.30"),
                average=Decimal("1480.30"), at=now,
            )  # fmt: skip
            db.outbox.add("a1", [person], Filled(order=order, fill=fill), now, order_id=order.id)
    worried = [PEOPLE + 1 + number for number in range(WORRIED)]
    db.outbox.add("a1", worried, TradingStopped(name="Asha", at=now), now + timedelta(seconds=1), order_id=None)


def _order(name: str, number: int, now: datetime) -> Order:
    return Order(
        id=f"o{name}", account_id="a1", number=number, tag=f"T{name}", broker_id=f"b{name}", draft=DRAFT,
        status=OrderStatus.FILLED, filled=10, average=Decimal("1480.30"), created_at=now, sent_at=now, updated_at=now,
    )  # fmt: skip
