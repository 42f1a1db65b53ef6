"""Values with good defaults, and a seeded store, for the tests of the storage."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind
from bot.domain.orders.confirmation import Confirmation, Purpose
from bot.domain.orders.order import Fill, Order, OrderDraft, OrderStatus
from bot.domain.people.account import Account, Credentials, Role, User
from bot.domain.people.secret import Secret
from bot.domain.ports.repositories import Repositories
from bot.domain.terms import OrderKind, Product, Side
from storage.secrets.vault import KEY_BYTES, Vault, WrappingKey
from storage.store import SqlStore

T = TypeVar("T")

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # Friday, 09:30 IST
DAY = date(2026, 11, 20)
PERSON = 1001
ACCOUNT = Account(id="a1", label="main", client="MA••••1", created_at=NOW)
CREDENTIALS = Credentials(
    client_code=Secret("CANARY-CLIENT-MA1234567"),
    password=Secret("CANARY-password-œ"),
    api_key=Secret("CANARY-api-key-0123456789"),
    totp_seed=Secret("CANARYSEEDJBSWY3DPEHPK3PXP"),
)
RELIANCE = Instrument(
    exchange=Exchange.NSE, token="2885", symbol="RELIANCE", name="RELIANCE-EQ", kind=InstrumentKind.EQUITY, lot=1,
    tick=Decimal("0.10"), series="EQ",
)  # fmt: skip
DRAFT = OrderDraft(
    instrument=RELIANCE, side=Side.BUY, quantity=10, kind=OrderKind.LIMIT, product=Product.CNC, price=Decimal("2924.80")
)


def a_vault(seed: int = 1) -> Vault:
    chance = random.Random(seed)
    keys = [WrappingKey(chance.randbytes(KEY_BYTES)) for _ in range(2)]
    return Vault(keys[:1], chance.randbytes, keys[1:])


def an_order(number: int = 1, **changes: Any) -> Order:
    order = Order(
        id=f"o{number}", account_id=ACCOUNT.id, number=number, tag=f"TAG{number:016}", draft=DRAFT, status=OrderStatus.SUBMITTING,
        placed_by=PERSON, created_at=NOW + timedelta(seconds=number), updated_at=NOW + timedelta(seconds=number),
    )  # fmt: skip
    return replace(order, **changes)


def a_fill(filled_after: int = 5, **changes: Any) -> Fill:
    fill = Fill(
        broker_id="1151261120106",
        filled_after=filled_after,
        quantity=5,
        price=Decimal("2924.10"),
        average=Decimal("2924.10"),
        at=NOW,
    )
    return replace(fill, **changes)


def a_confirmation(named: str = "t1", **changes: Any) -> Confirmation:
    confirmation = Confirmation(
        token=named, user_id=PERSON, chat_id=PERSON, message_id=None, account_id=ACCOUNT.id, purpose=Purpose.PLACE,
        digest=DRAFT.digest(), draft=DRAFT, created_at=NOW, expires_at=NOW + timedelta(seconds=60),
    )  # fmt: skip
    return replace(confirmation, **changes)


def seed(db: Repositories) -> None:
    """An owner and a linked account."""
    db.accounts.add(ACCOUNT, CREDENTIALS)
    db.people.add(User(telegram_id=PERSON, name="Asha"), Role.OWNER, None, NOW)


def at_once(store: SqlStore, work: Callable[[Repositories], T]) -> T:
    """One transaction from a test that is not asynchronous."""
    return asyncio.run(store.transaction(work))


async def a_store(path: Path | None = None, *, inline: bool = True) -> SqlStore:
    """A store with an owner and an account, in memory unless a path is given."""
    store = SqlStore.open(path, a_vault(), inline=inline)
    await store.transaction(seed)
    return store
