"""Every bit of every stored secret flipped, and every pair swapped: nothing but an error may ever come out.

The database is a file that somebody else writes to, and the secrets are asked for as the bot asks for them.
"""

import asyncio
import base64
import itertools
import random
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.domain.errors import VaultError
from bot.domain.people.access import Pin
from bot.domain.people.account import Account, Credentials, Role, Session, User
from bot.domain.people.secret import Secret
from bot.domain.ports.repositories import Repositories
from storage.store import SqlStore
from tests.storage.samples import NOW, a_vault

SEALED = ("secrets.sealed", "data_keys.wrapped", "own_keys.wrapped", "pins.hashed")  # table.column
PEOPLE = (4211, 4212)  # with a PIN each
BEFORE_PIN = "sealed:"  # what stands before the base64 of a sealed PIN


@dataclass
class Tampered:
    """What was tried and what came out."""

    values: int = 0
    bits: int = 0
    swaps: int = 0
    opened: list[str] = field(default_factory=list)  # what was answered with anything but an error
    sound: int = 0  # reads of untouched secrets that gave what was stored

    @property
    def line(self) -> dict[str, Any]:
        return {
            "name": "tampered",
            "sealed_values": self.values,
            "bits_flipped": self.bits,
            "pairs_swapped": self.swaps,
            "opened": len(self.opened),
            "sound_reads": self.sound,
            "ok": not self.opened and self.values > 10 and self.sound > 0,
        }


def _accounts(chance: random.Random, count: int) -> Iterator[tuple[Account, Credentials, Session]]:
    def some(length: int) -> Secret:
        return Secret("".join(chance.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(length)))

    for number in range(count):
        account = Account(id=f"a{number}", label=f"label{number}", client="MA••••1", created_at=NOW + timedelta(seconds=number))
        # Of equal lengths, so that nothing but the seal tells one from the other.
        credentials = Credentials(client_code=some(16), password=some(16), api_key=some(16), totp_seed=some(16))
        yield account, credentials, Session(token=some(40), issued=NOW, expires=NOW + timedelta(hours=9))


def tamper(directory: Path, *, accounts: int, every: int = 1, seed: int = 1) -> Tampered:
    """Every swap, and every n-th bit flipped. An n above 1 makes it a quick look."""
    told = Tampered()
    path = directory / "bot.db"
    stored = list(_accounts(random.Random(seed), accounts))
    store = SqlStore.open(path, a_vault(seed), inline=True)
    hand = sqlite3.connect(path, isolation_level=None)
    try:
        asyncio.run(store.transaction(lambda db: _store_all(db, stored)))
        hand.execute("PRAGMA synchronous=OFF")
        reads = {account.id: _reader(store, account.id) for account, _, _ in stored}
        reads |= {str(person): _pin_reader(store, person) for person in PEOPLE}
        told.sound += _sound(reads, stored)
        cells = [(where, rowid, bytes(value)) for where in SEALED for rowid, value in _cells(hand, where)]
        owner = {(where, rowid): _owner(hand, where, rowid) for where, rowid, _ in cells}
        told.values = len(cells)
        for where, rowid, value in cells:
            for bit in range(0, len(value) * 8, every):
                flipped = bytearray(value)
                flipped[bit // 8] ^= 1 << (bit % 8)
                _write(hand, where, rowid, bytes(flipped))
                told.bits += 1
                if _opens(reads[owner[where, rowid]], hand, where, rowid):
                    told.opened.append(f"{where} {rowid} bit {bit}")
            _write(hand, where, rowid, value)
        for (where, one, first), (_, other, second) in _pairs(cells):
            _write(hand, where, one, second)
            _write(hand, where, other, first)
            told.swaps += 1
            for rowid in (one, other):
                if _opens(reads[owner[where, rowid]], hand, where, rowid):
                    told.opened.append(f"{where} {one} and {other} swapped")
            _write(hand, where, one, first)
            _write(hand, where, other, second)
        told.sound += _sound(reads, stored)
    finally:
        hand.close()
        asyncio.run(store.close())
    return told


def _pin(person: int) -> Pin:
    return Pin(telegram_id=person, hashed=f"$argon2id$v=19$m=47104,t=1,p=1$c2FsdA$of-{person}", set_at=NOW)


def _sound(reads: dict[str, Callable[[], list[object]]], stored: list[tuple[Account, Credentials, Session]]) -> int:
    """How many readings give what was stored."""
    sound = sum(reads[account.id]() == [credentials, session] for account, credentials, session in stored)
    return sound + sum(reads[str(person)]() == [_pin(person)] for person in PEOPLE)


def _pin_reader(store: SqlStore, person: int) -> Callable[[], list[object]]:
    def work(db: Repositories) -> list[object]:
        try:
            return [db.pins.find(person)]
        except VaultError:
            return [VaultError]

    return lambda: store._transact(work, "", set())


def _store_all(db: Repositories, stored: list[tuple[Account, Credentials, Session]]) -> None:
    for person in PEOPLE:
        db.people.add(User(telegram_id=person, name=str(person)), Role.TRADER, None, NOW)
        db.pins.put(_pin(person))
    for account, credentials, session in stored:
        db.accounts.add(account, credentials)
        db.accounts.keep_session(account.id, session)


def _reader(store: SqlStore, account_id: str) -> Callable[[], list[object]]:
    def work(db: Repositories) -> list[object]:
        found: list[object] = []
        for read in (db.accounts.credentials, db.accounts.session):
            try:
                found.append(read(account_id))
            except VaultError:
                found.append(VaultError)
        return found

    return lambda: store._transact(work, "", set())


def _opens(read: Callable[[], list[object]], hand: sqlite3.Connection, where: str, rowid: int) -> bool:
    """Whether the spoilt cell was answered with anything but an error."""
    if where in {"own_keys.wrapped", "pins.hashed"}:
        return read() != [VaultError]
    credentials, session = read()
    if where == "data_keys.wrapped":
        return credentials is not VaultError and session is not VaultError
    (name,) = hand.execute("SELECT field FROM secrets WHERE rowid = ?", (rowid,)).fetchone()
    return (session if name == "session" else credentials) is not VaultError


def _cells(hand: sqlite3.Connection, where: str) -> list[tuple[int, bytes]]:
    table, _, column = where.partition(".")
    found = hand.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid").fetchall()  # noqa: S608  # our own names
    if where == "pins.hashed":
        return [(rowid, base64.b64decode(text.removeprefix(BEFORE_PIN))) for rowid, text in found]
    return found


def _owner(hand: sqlite3.Connection, where: str, rowid: int) -> str:
    table = where.partition(".")[0]
    if table == "own_keys":
        return str(PEOPLE[0])  # it seals every PIN
    if table == "pins":
        return str(rowid)  # the person's id is the row's
    (name,) = hand.execute(f"SELECT account_id FROM {table} WHERE rowid = ?", (rowid,)).fetchone()  # noqa: S608  # as above
    return str(name)


def _write(hand: sqlite3.Connection, where: str, rowid: int, value: bytes) -> None:
    table, _, column = where.partition(".")
    stored = BEFORE_PIN + base64.b64encode(value).decode() if where == "pins.hashed" else value
    hand.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (stored, rowid))  # noqa: S608  # as above


def _pairs(
    cells: list[tuple[str, int, bytes]],
) -> Iterator[tuple[tuple[str, int, bytes], tuple[str, int, bytes]]]:
    """Two cells of one column, whoever they belong to. Across the columns a value has another shape altogether."""
    for where in SEALED:
        yield from itertools.combinations([cell for cell in cells if cell[0] == where], 2)
