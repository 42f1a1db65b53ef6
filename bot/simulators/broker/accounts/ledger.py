"""What the broker remembers: every fact in its own SQLite file, committed before anybody is answered."""

from __future__ import annotations

import errno
import fcntl
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO

from bot.simulators.broker.accounts.records import Account, Basket, Block, Carried, Fact, Holding, Order, Trade, stamp, to_text
from bot.simulators.broker.faults.errors import BadSettings, BooksInUse
from bot.simulators.broker.market.instruments import Instrument, Key
from bot.simulators.broker.market.master import ContractRow, next_token

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (n INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, day TEXT NOT NULL,
    doc TEXT NOT NULL, UNIQUE (kind, id));
CREATE TABLE IF NOT EXISTS contracts (exchange TEXT NOT NULL, name TEXT NOT NULL, token TEXT NOT NULL,
    symbol TEXT NOT NULL, kind TEXT NOT NULL, tick INTEGER NOT NULL, lot INTEGER NOT NULL, freeze INTEGER NOT NULL,
    expiry TEXT NOT NULL, strike INTEGER NOT NULL, option TEXT NOT NULL, underlying_exchange TEXT NOT NULL,
    underlying_token TEXT NOT NULL, PRIMARY KEY (exchange, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS moves (n INTEGER PRIMARY KEY, exchange TEXT NOT NULL, token TEXT NOT NULL, at TEXT NOT NULL,
    offset INTEGER NOT NULL, fixed INTEGER);
CREATE TABLE IF NOT EXISTS truth (n INTEGER PRIMARY KEY, at TEXT NOT NULL, client TEXT NOT NULL, what TEXT NOT NULL,
    detail TEXT NOT NULL);
"""


def identity(fact: Fact) -> tuple[str, str]:
    """A fact's day and its id among its kind."""
    if isinstance(fact, Account):
        return fact.day, fact.client
    if isinstance(fact, Order):
        return fact.day, fact.id
    if isinstance(fact, Trade):
        return fact.day, fact.number
    if isinstance(fact, Carried):
        return "", f"{fact.client}/{fact.exchange}/{fact.token}/{fact.product}"
    if isinstance(fact, Holding):
        return "", f"{fact.client}/{fact.exchange}/{fact.token}"
    return "", str(fact.id)


def only_one(path: Path) -> IO[str]:
    """Holds a lock for as long as the file stays open. BooksInUse when another process has it."""
    file = path.open("w", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        words = "Address already in use: another paper broker keeps its books there"
        raise BooksInUse(errno.EADDRINUSE, words, str(path.parent)) from None
    return file


def take(directory: Path) -> IO[str]:
    """Makes the directory and locks it. BadSettings when there can be none."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return only_one(directory / "paper.lock")
    except BooksInUse:
        raise
    except OSError as error:
        why = "that is a file" if directory.is_file() else error.strerror
        raise BadSettings(f"The paper broker cannot keep its books in {directory}: {why}.") from error


class Ledger:
    """All facts in memory, each change written through. A change that fails is undone on disk and in memory alike."""

    def __init__(self, directory: Path | None) -> None:
        self._lock = None if directory is None else take(directory)
        self._db = sqlite3.connect(":memory:" if directory is None else directory / "paper.sqlite", isolation_level=None)
        try:
            self._open()
        except sqlite3.Error as error:
            self.close()
            raise BadSettings(f"The paper broker's books in {directory} cannot be read: {error}.") from error
        except BadSettings:
            self.close()
            raise
        self.undone = 0  # how often the memory was read anew; what was reckoned from it before is void
        self._forget()
        self._load()
        self.set_meta("schema", str(SCHEMA_VERSION))

    def _open(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)
        version = self.meta("schema") or str(SCHEMA_VERSION)
        if version != str(SCHEMA_VERSION):
            raise BadSettings(f"The paper broker's books are of version {version}; this program writes {SCHEMA_VERSION}.")

    def _forget(self) -> None:
        """Empties the memory. What is on disk stays."""
        self.accounts: dict[str, Account] = {}
        self.orders: dict[str, Order] = {}
        self.trades: list[Trade] = []
        self.carried: dict[tuple[str, Key, str], Carried] = {}
        self.holdings: dict[tuple[str, Key], Holding] = {}
        self.blocks: dict[str, Block] = {}
        self.baskets: dict[int, Basket] = {}
        self._orders_by_day: dict[tuple[str, str], dict[str, Order]] = {}
        self._working: dict[tuple[str, str], dict[str, Order]] = {}
        self._trades_by_day: dict[tuple[str, str], list[Trade]] = {}
        self._after: list[Callable[[], None]] = []
        self._tokens: dict[str, dict[str, str]] = {}

    def close(self) -> None:
        self._db.close()
        if self._lock is not None:
            self._lock.close()

    # Writing.

    @contextmanager
    def change(self) -> Iterator[None]:
        """One transaction. Nested use joins the outer one. Leaving it is the commit, on disk."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._undo()
            raise
        after, self._after = self._after, []
        for act in after:
            act()

    def _undo(self) -> None:
        """Back to what the disk says: what was changed in memory meanwhile is read anew."""
        if self._db.in_transaction:  # a full disk may have ended it already
            self._db.execute("ROLLBACK")
        self.undone += 1
        self._forget()
        self._load()

    def afterwards(self, act: Callable[[], None]) -> None:
        """Does something once the running transaction is on disk. At once when none is running."""
        if self._db.in_transaction:
            self._after.append(act)
        else:
            act()

    def put(self, fact: Fact) -> None:
        self._remember(fact)
        day, key = identity(fact)
        # An update keeps its row number: facts are read back in the order in which they first came.
        self._db.execute(
            "INSERT INTO facts (kind, id, day, doc) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET day = excluded.day, doc = excluded.doc",
            (type(fact).__name__, key, day, to_text(fact)),
        )

    def drop(self, fact: Carried | Holding | Block | Basket) -> None:
        if isinstance(fact, Carried):
            self.carried.pop((fact.client, fact.key, fact.product), None)
        elif isinstance(fact, Holding):
            self.holdings.pop((fact.client, fact.key), None)
        elif isinstance(fact, Block):
            self.blocks.pop(fact.id, None)
        else:
            self.baskets.pop(fact.id, None)
        self._db.execute("DELETE FROM facts WHERE kind = ? AND id = ?", (type(fact).__name__, identity(fact)[1]))

    def tell(self, at: datetime, client: str, what: str, **detail: object) -> None:
        """One line of the truth log, which no client of the REST routes can read."""
        self._db.execute(
            "INSERT INTO truth (at, client, what, detail) VALUES (?, ?, ?, ?)",
            (stamp(at), client, what, json.dumps(detail, default=str)),
        )

    def truth(self, since: int = 0, limit: int = 500) -> list[dict[str, object]]:
        rows = self._db.execute(
            "SELECT n, at, client, what, detail FROM truth WHERE n > ? ORDER BY n LIMIT ?", (since, limit)
        ).fetchall()
        return [{"n": n, "at": at, "client": c, "what": what, **json.loads(detail)} for n, at, c, what, detail in rows]

    def meta(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def forget_sessions(self, client: str) -> int:
        return self._db.execute("DELETE FROM meta WHERE name LIKE 'session/%' AND value = ?", (client,)).rowcount

    def next_number(self, name: str, first: int) -> int:
        """Counts up by one for each name, starting at `first`."""
        value = int(self.meta(name) or first - 1) + 1
        self.set_meta(name, str(value))
        return value

    @property
    def is_new(self) -> bool:
        """No contract has been given a token yet."""
        return not self._tokens

    def token_for(self, exchange: str, name: str) -> str:
        """A contract's token: given out once and the same ever after. `keep_contracts` writes down what was given."""
        return next_token(self._tokens, exchange, name)

    def keep_contracts(self, rows: Sequence[ContractRow]) -> None:
        """Remembers what each contract is, so that books can still name it when it has left the master."""
        for row in rows:
            self._tokens.setdefault(row[0], {})[row[1]] = row[2]
        self._db.executemany("INSERT OR IGNORE INTO contracts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def contract(self, key: Key) -> Instrument | None:
        row = self._db.execute("SELECT * FROM contracts WHERE exchange = ? AND token = ?", key).fetchone()
        if row is None:
            return None
        exchange, name, token, symbol, kind, tick, lot, freeze, expiry, strike, option, at, of = row
        return Instrument(
            exchange=exchange, name=name, token=token, symbol=symbol, kind=kind, tick=tick, lot=lot, freeze=freeze,
            expiry=date.fromisoformat(expiry), strike=strike, option=option, underlying=(at, of),
        )  # fmt: skip

    def put_move(self, key: Key, at: datetime, offset: int, fixed: int | None, *, replace: bool = False) -> None:
        """Remembers where a price was put. `replace`: instead of the instrument's last one."""
        if replace:
            newest = "SELECT n FROM moves WHERE exchange = ? AND token = ? ORDER BY at DESC, n DESC LIMIT 1"
            self._db.execute(f"DELETE FROM moves WHERE n = ({newest})", key)  # noqa: S608 - both are constants
        self._db.execute(
            "INSERT INTO moves (exchange, token, at, offset, fixed) VALUES (?, ?, ?, ?, ?)", (*key, stamp(at), offset, fixed)
        )

    def thin_moves(self, today: datetime, week: datetime) -> int:
        """Of pushed ticks before `today` keeps each ten minutes' last, before `week` each day's. Returns how many went.

        A live feed leaves a hundred thousand a day, and all of them are read when the broker starts.
        """
        gone = 0
        for before, letters in ((today, len("2026-11-20T09:1")), (week, len("2026-11-20"))):
            at = stamp(before.astimezone(UTC))
            gone += self._db.execute(
                "DELETE FROM moves WHERE fixed IS NOT NULL AND at < ? AND n NOT IN"
                " (SELECT MAX(n) FROM moves WHERE fixed IS NOT NULL AND at < ? GROUP BY exchange, token, substr(at, 1, ?))",
                (at, at, letters),
            ).rowcount
        return gone

    def moves(self) -> list[tuple[Key, datetime, int, int | None]]:
        rows = self._db.execute("SELECT exchange, token, at, offset, fixed FROM moves ORDER BY at, n").fetchall()
        return [((exchange, token), datetime.fromisoformat(at), offset, fixed) for exchange, token, at, offset, fixed in rows]

    # Reading.

    def orders_of(self, client: str, day: str) -> list[Order]:
        """An account's orders of a day, oldest first."""
        return list(self._orders_by_day.get((client, day), {}).values())

    def working_of(self, client: str, day: str) -> list[Order]:
        """Those of them that are still working, oldest first."""
        return list(self._working.get((client, day), {}).values())

    def waiting_of(self, account: Account) -> list[Order]:
        """An account's after-market orders for a later day, oldest first."""
        ahead = sorted(key for key in self._orders_by_day if key[0] == account.client and key[1] > account.day)
        return [order for key in ahead for order in self._orders_by_day[key].values()]

    def trades_after(self, client: str, day: str, count: int) -> list[Trade]:
        """The day's trades without the first `count`."""
        return self._trades_by_day.get((client, day), [])[count:]

    def trades_of(self, client: str, day: str | None = None) -> list[Trade]:
        if day is not None:
            return list(self._trades_by_day.get((client, day), ()))
        return [t for t in self.trades if t.client == client]

    def _load(self) -> None:
        kinds: dict[str, type[Fact]] = {k.__name__: k for k in (Account, Order, Trade, Carried, Holding, Block, Basket)}
        for exchange, name, token in self._db.execute("SELECT exchange, name, token FROM contracts"):
            self._tokens.setdefault(exchange, {})[name] = token
        rows = self._db.execute("SELECT kind, doc FROM facts ORDER BY n").fetchall()
        for kind, doc in rows:
            self._remember(_from_text(kinds[kind], doc))

    def _remember(self, fact: Fact) -> None:
        if isinstance(fact, Account):
            self.accounts[fact.client] = fact
        elif isinstance(fact, Order):
            self.orders[fact.id] = fact
            self._orders_by_day.setdefault((fact.client, fact.day), {})[fact.id] = fact
            working = self._working.setdefault((fact.client, fact.day), {})
            if fact.working:
                working[fact.id] = fact
            else:
                working.pop(fact.id, None)
        elif isinstance(fact, Trade):
            self.trades.append(fact)
            self._trades_by_day.setdefault((fact.client, fact.day), []).append(fact)
        elif isinstance(fact, Carried):
            self.carried[fact.client, fact.key, fact.product] = fact
        elif isinstance(fact, Holding):
            self.holdings[fact.client, fact.key] = fact
        elif isinstance(fact, Block):
            self.blocks[fact.id] = fact
        else:
            self.baskets[fact.id] = fact


def _from_text(kind: type[Fact], doc: str) -> Fact:
    names = {each.name for each in fields(kind)}  # earlier programs wrote names that are gone
    return kind(**{name: value for name, value in json.loads(doc).items() if name in names})
