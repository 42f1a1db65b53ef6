"""A database comes up to date by one chain of steps, whole or not at all, and never backwards."""

import logging
import shutil
import sqlite3
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.domain.errors import StorageError
from bot.domain.jobs import JobOutcome, JobRun
from bot.domain.orders.order import OrderDraft
from bot.domain.people.account import Limits
from bot.domain.ports.repositories import Repositories
from storage.db.engine import FileLock, make_engine
from storage.db.json_shapes import Shape
from storage.db.schema import metadata
from storage.migrate import MIGRATIONS, bring_up_to_date
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, DAY, DRAFT, NOW, a_store, a_vault


def schema(connection: Connection) -> set[tuple[str, str, frozenset[str]]]:
    """Every table, index and trigger with the parts of its definition, whatever their order and wherever a line ends."""
    rows = connection.exec_driver_sql(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'"
    )
    return {
        (kind, name, frozenset(line.strip(" \t,") for line in sql.strip().replace(", ", "\n").splitlines()))
        for kind, name, sql in rows
    }


def test_the_migrated_schema_is_the_one_that_the_tables_describe() -> None:
    with make_engine(None, busy_seconds=0).connect() as migrated, make_engine(None, busy_seconds=0).connect() as described:
        bring_up_to_date(migrated, None)
        metadata.create_all(described)
        assert schema(migrated) == schema(described)
        assert len(schema(migrated)) > len(metadata.tables)
        assert compare_metadata(MigrationContext.configure(migrated), metadata) == []


def test_there_is_one_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


async def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    await (await a_store(tmp_path / "bot.db")).close()
    before = (tmp_path / "bot.db").read_bytes()
    await SqlStore.open(tmp_path / "bot.db", a_vault(), inline=True).close()
    assert (tmp_path / "bot.db").read_bytes() == before


async def test_a_database_newer_than_the_code_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    await (await a_store(path)).close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(StorageError, match=r"newer version.*9999"):
        SqlStore.open(path, a_vault())
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]
    raw.close()


_NEXT = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "0002", {head!r}, None, None
def upgrade():
    op.execute("CREATE TABLE later (id INTEGER)")
    {more}
"""


def longer_chain(tmp_path: Path, more: str = "") -> Path:
    """The chain as it may be one day, with a step more."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    head = ScriptDirectory.from_config(config).get_current_head()
    copy = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "versions" / "9002_later.py").write_text(_NEXT.format(head=head, more=more).replace('"0002"', '"9002"'))
    return copy


async def test_an_older_database_is_brought_up_with_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    await (await a_store(path)).close()
    with make_engine(path, busy_seconds=0).connect() as connection:
        bring_up_to_date(connection, None, longer_chain(tmp_path))
        assert connection.exec_driver_sql("SELECT count(*) FROM later").scalar_one() == 0
        assert connection.exec_driver_sql("SELECT id FROM accounts").scalars().all() == [ACCOUNT.id]


NOTED = NOW.isoformat(timespec="microseconds")


def chain_until(tmp_path: Path, last: str) -> Path:
    """The chain as it was when this revision was the newest."""
    copy = tmp_path / "before"
    shutil.copytree(MIGRATIONS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (copy / "versions").glob("*.py"):
        if file.name.partition("_")[0] > last:
            file.unlink()
    return copy


async def test_limits_of_the_first_schema_are_carried_over(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    with make_engine(path, busy_seconds=0).connect() as connection:
        bring_up_to_date(connection, None, chain_until(tmp_path, "0001"))
        account = "INSERT INTO accounts (id, label, client, created_at, linked) VALUES (?, 'main', 'MA••••1', ?, 1)"
        connection.exec_driver_sql(account, (ACCOUNT.id, NOTED))
        connection.exec_driver_sql("INSERT INTO limits VALUES (?, '100000.50', 65, NULL, 7)", (ACCOUNT.id,))
        connection.commit()
    async with SqlStore.open(path, a_vault(), inline=True) as store:
        expected = Limits(value=Decimal("100000.50"), quantity=65, orders_a_day=None, orders_a_minute=7)
        assert repr(await store.transaction(lambda db: db.limits.on(ACCOUNT.id, DAY))) == repr(expected)


JOBS = (
    ("morning login", "2026-11-19"),
    ("morning login", "2026-11-20"),
    ("mode", f"live {NOW.isoformat()}"),
    ("telegram bot", "7000000001"),
    ("alarm", "on"),
    ("password refused", "a1"),
    ("logged out by a person", "b2"),
    ("code of a1", f"00ff11ee22dd33cc {NOW.isoformat()}"),
    ("told:address:a1", "2026-11-20"),
    ("tried", "2026-11-20T04:555"),
    ("tried in all", "2026-11-20T04:0"),
)


async def test_what_stood_among_the_jobs_is_all_found_as_flags_and_as_rows_of_jobs(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    with make_engine(path, busy_seconds=0).connect() as connection:
        bring_up_to_date(connection, None, chain_until(tmp_path, "0004"))
        connection.exec_driver_sql("INSERT INTO jobs VALUES (?, ?, ?)", [(name, key, NOTED) for name, key in JOBS])
        connection.commit()

    def look(db: Repositories) -> tuple[object, ...]:
        return (
            db.jobs.last("morning login"),
            db.flags.mode(),
            db.flags.bot_id(),
            db.flags.locked_down(),
            [db.flags.login_forbidden(account) for account in ("a1", "b2", "c3")],
            db.flags.spend_code("a1", "00ff11ee22dd33cc", NOW, timedelta(seconds=120)),
            db.flags.claim_address_notice("a1", DAY, NOW),
            [db.flags.claim_tried_notice(person, NOW, 2) for person in (555, 556, 557)],
        )

    run = JobRun(job="morning login", day=DAY, at=NOW, outcome=JobOutcome.DONE)
    async with SqlStore.open(path, a_vault(), inline=True) as store:
        assert await store.transaction(look) == (
            run, ("live", NOW), 7000000001, True, [True, True, False], False, False, [False, True, False],
        )  # fmt: skip


STEPS = (  # filled after, quantity, price, average
    (4, 4, "2924.10", "2924.10"),
    (8, 4, None, "2924.15"),
    (10, 2, None, None),
)


async def test_fills_told_before_the_ledger_are_in_it(tmp_path: Path) -> None:
    path, draft = tmp_path / "bot.db", Shape(OrderDraft).write(DRAFT).decode()
    late = "2026-11-19T19:00:00.000000+00:00"  # half past midnight of the 20th in India
    with make_engine(path, busy_seconds=0).connect() as connection:
        bring_up_to_date(connection, None, chain_until(tmp_path, "0005"))
        account = "INSERT INTO accounts (id, label, client, created_at, linked) VALUES (?, 'main', 'MA••••1', ?, 1)"
        connection.exec_driver_sql(account, (ACCOUNT.id, NOTED))
        order = (
            "INSERT INTO orders (id, account_id, day, number, broker_id, draft, status, settled, filled, reason, created_at,"
            " updated_at, looks, version) VALUES ('o1', ?, '2026-11-20', 1, 'b1', ?, 'FILLED', 1, 10, '', ?, ?, 0, 3)"
        )
        connection.exec_driver_sql(order, (ACCOUNT.id, draft, NOTED, NOTED))
        step = (
            "INSERT INTO fills (order_id, account_id, broker_id, filled_after, quantity, price, average, at)"
            " VALUES ('o1', ?, 'b1', ?, ?, ?, ?, ?)"
        )
        connection.exec_driver_sql(step, [(ACCOUNT.id, *values, late) for values in STEPS])
        connection.commit()
    async with SqlStore.open(path, a_vault(), inline=True) as store:
        found = await store.transaction(lambda db: db.ledger.between(ACCOUNT.id, DAY, DAY))
    assert [(each.step, each.quantity, each.price) for each in found] == [
        (4, 4, Decimal("2924.10")),
        (8, 4, Decimal("2924.2000")),
        (10, 2, None),
    ]
    assert {(each.order_id, each.instrument, each.product, each.side, each.missing) for each in found} == {
        ("o1", DRAFT.instrument, DRAFT.product, DRAFT.side, True)
    }


async def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    await (await a_store(path)).close()
    with make_engine(path, busy_seconds=0).connect() as connection:
        before = schema(connection)
        connection.rollback()
        with pytest.raises(ZeroDivisionError):
            bring_up_to_date(connection, None, longer_chain(tmp_path, "1 / 0"))
        assert schema(connection) == before
    await SqlStore.open(path, a_vault(), inline=True).close()


async def test_a_migration_waits_until_no_bot_runs_on_the_database(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    bot = await a_store(path)
    bot.lock()
    lock = FileLock(path.with_name("bot.db.lock"))
    with make_engine(path, busy_seconds=0).connect() as connection:
        chain = longer_chain(tmp_path)
        with pytest.raises(StorageError, match="a bot is running"):
            bring_up_to_date(connection, lock, chain)
        await bot.close()
        bring_up_to_date(connection, lock, chain)
    after = FileLock(path.with_name("bot.db.lock"))
    assert after.take()
    after.release()


def test_a_file_that_is_no_database_and_one_that_is_damaged_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("these are words, and no database at all\n" * 100)
    with pytest.raises(StorageError, match="not a database"):
        SqlStore.open(tmp_path / "text.db", a_vault())
    with pytest.raises(StorageError, match="cannot be opened"):
        SqlStore.open(tmp_path, a_vault())
    with make_engine(tmp_path / "bot.db", busy_seconds=0).connect() as connection:
        bring_up_to_date(connection, None)
    whole = bytearray((tmp_path / "bot.db").read_bytes())
    whole[4096 * 3 : 4096 * 5] = b"\x55" * 8192
    (tmp_path / "bot.db").write_bytes(whole)
    with pytest.raises(StorageError, match="damaged"):
        SqlStore.open(tmp_path / "bot.db", a_vault())


def test_migrating_leaves_logging_alone(tmp_path: Path) -> None:
    before = (logging.getLogger().level, list(logging.getLogger().handlers), logging.getLogger("alembic").level)
    with make_engine(tmp_path / "bot.db", busy_seconds=0).connect() as connection:
        bring_up_to_date(connection, None)
    assert (logging.getLogger().level, list(logging.getLogger().handlers), logging.getLogger("alembic").level) == before
    assert not logging.getLogger("storage.store").disabled
