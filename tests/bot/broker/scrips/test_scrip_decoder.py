"""The scrip master: taken in whole or not at all, made into instruments only when looked at."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bot.broker.connections import Connections, MStockConnection
from bot.broker.scrips.scrip_cache import ScripCache
from bot.broker.scrips.scrip_decoder import read_master
from bot.broker.scrips.scrip_master import INDEXES, Master
from bot.broker.transport import OpenSink
from bot.broker.wire.answers import Answer
from bot.domain.errors import NotSent, Refused, StorageError, Unreadable
from bot.domain.market.instrument import Exchange, InstrumentKey, InstrumentKind, Right
from bot.domain.market.scrip_columns import Columnar, columns_of
from bot.domain.people.account import Session
from bot.simulators.broker.server import Running
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock
from tests.stage.brokers.exchange import credentials_of, log_in

_NAMES = ("token", "symbol", "name", "expiry", "strike", "lotsize", "instrumenttype", "exch_seg", "tick_size")
ROWS: list[dict[str, object]] = [
    dict(zip(_NAMES, line.split(","), strict=True))
    for line in """\
22,ACC,ACC-EQ,,,1,EQ,NSE,0.05
16669,BAJAJ-AUTO,BAJAJ-AUTO-EQ,,,1,EQ,NSE,0.05
22,ACC,ACC,,,1,EQ,BSE,0.05
45268,NIFTY,NIFTY25O2025500CE,20Oct2025,25500,75,OPTIDX,NFO,0.05
56381,NIFTY,NIFTY2692220350CE,22SEP2026,20350.5,65,OPTIDX,NFO,0.05
52168,NIFTY,NIFTY25OCTFUT,28Oct2025,,75,FUTIDX,NFO,0.1
1,USDINR,USDINR25OCTFUT,28Oct2025,,1,FUTCUR,NSE,0.0025""".splitlines()
]


def written(directory: Path, rows: object) -> Path:
    path = directory / "master.json"
    path.write_text(rows if isinstance(rows, str) else json.dumps(rows))
    return path


def test_rows_become_instruments_by_their_columns(tmp_path: Path) -> None:
    master = read_master(written(tmp_path, ROWS))
    assert len(master) == 6 + len(INDEXES), "currency is not traded here"
    option = master.find(InstrumentKey(Exchange.NFO, "56381"))
    assert option is not None
    assert (option.symbol, option.name, option.kind) == ("NIFTY", "NIFTY2692220350CE", InstrumentKind.INDEX_OPTION)
    assert (option.expiry, option.strike, option.right, option.lot) == (date(2026, 9, 22), Decimal("20350.5"), Right.CE, 65)
    future = master.find(InstrumentKey(Exchange.NFO, "52168"))
    assert future is not None
    assert (future.kind, future.strike, future.right, future.tick) == (InstrumentKind.INDEX_FUTURE, None, None, Decimal("0.1"))
    assert [each.series for each in master if each.name.startswith("BAJAJ")] == ["EQ"]
    assert master.find(future.key) is future, "made once"
    assert master.find(InstrumentKey(Exchange.NSE, "26000")) is not None
    assert [master[at].exchange for name in ("ACC-EQ", "ACC", "ABB") for at in master.rows_named(name)] == ["NSE", "BSE"]
    assert master.find(InstrumentKey(Exchange.NSE, "nothing")) is None


def test_the_columns_say_what_the_instruments_say(tmp_path: Path) -> None:
    master = read_master(written(tmp_path, ROWS))
    assert isinstance(master, Columnar)
    ours, plain = columns_of(master), columns_of(list(master))
    for column in fields(ours):
        assert list(getattr(ours, column.name)) == list(getattr(plain, column.name)), column.name
    assert master[-1] == INDEXES[-1]
    assert master[:2] == list(master)[:2]
    with pytest.raises(IndexError):
        master[len(master)]


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", "[", "<html></html>", '{"status":false,"message":"x","errorcode":"IA401","data":null}', "null", "[1,2]",
        json.dumps(ROWS)[:-40], json.dumps([*ROWS, ROWS[0]]), json.dumps([{**row, "tick_size": "0"} for row in ROWS]),
    ],
)  # fmt: skip
def test_a_master_that_is_none_is_refused_whole(tmp_path: Path, body: str) -> None:
    with pytest.raises(Unreadable):
        read_master(written(tmp_path, body))


@pytest.mark.exhaustive
def test_a_long_master_is_read_in_portions_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    many = [{**ROWS[0], "token": str(at), "name": f"A{at}-EQ"} for at in range(30_000)]
    path = written(tmp_path, many)
    assert path.stat().st_size > 3_000_000
    assert [each.token for each in read_master(path, ())] == [str(at) for at in range(30_000)]
    odd = [{**row, "name": "},{" * 10 + str(row["token"])} for row in many]  # each cut falls into a text
    assert len(read_master(written(tmp_path, odd), ())) == 30_000
    whole = json.dumps(many)
    for broken in (
        whole[:2_500_000],
        whole[:-1],
        whole[:-1] + ",]",
        whole + "]",
        whole.replace("},", "}", 1),
        whole.replace("},", "},,", 1),
    ):
        with pytest.raises(Unreadable):
            read_master(written(tmp_path, broken), ())
    spelled = json.dumps([*many[:-1], {**many[-1], "lotsize": 1}])  # a number where text is the rule, in the last portion
    assert len(read_master(written(tmp_path, spelled), ())) == 30_000


def test_numbers_and_nulls_where_strings_are_the_rule_are_forgiven(tmp_path: Path) -> None:
    odd = [{**row, "lotsize": 75, "strike": None if not row["strike"] else 25500.5, "tick_size": 0.05} for row in ROWS]
    master = read_master(written(tmp_path, odd))
    option = master.find(InstrumentKey(Exchange.NFO, "45268"))
    assert option is not None
    assert (option.lot, option.strike, option.tick) == (75, Decimal("25500.5"), Decimal("0.05"))


def test_a_kind_spelled_with_blanks_is_the_same_kind(tmp_path: Path) -> None:
    odd = [{**row, "instrumenttype": f" {row['instrumenttype']} ".lower()} for row in ROWS]
    assert list(read_master(written(tmp_path, odd))) == list(read_master(written(tmp_path, ROWS)))


def test_a_few_broken_rows_among_many_are_left_out(tmp_path: Path) -> None:
    many = [{**ROWS[0], "token": str(1000 + at)} for at in range(400)]
    master = read_master(written(tmp_path, [*many, {**ROWS[3], "expiry": "soon"}, {**ROWS[3], "token": "9", "strike": "x"}]))
    assert len(master) == 400 + len(INDEXES)


async def test_it_is_fetched_kept_and_found_again_after_a_restart(
    paper: Running, connection: MStockConnection, tmp_path: Path
) -> None:
    master = await connection.broker.scrip_master()
    assert len(master) > 1000
    again = ScripCache(tmp_path, source=paper.rest_url)
    kept = await again.load()
    assert kept is not None
    assert list(kept) == list(master)


@pytest.mark.exhaustive
@pytest.mark.parametrize("fault", ["master_truncated", "master_short", "master_doubled", "master_error"])
async def test_todays_broken_master_leaves_yesterdays_in_use(
    connections: Connections, connection: MStockConnection, paper: Running, fault: str
) -> None:
    before = await connection.broker.scrip_master()
    paper.broker.faults.arm(fault, times=None)
    with pytest.raises((Unreadable, Refused)):
        await connection.broker.scrip_master()
    assert connections.scrip_cache.master is before
    paper.broker.faults.clear()
    assert len(await connection.broker.scrip_master()) == len(before)


def on_disk(directory: Path) -> dict[str, bytes]:
    """Every file there, with its content."""
    return {each.name: each.read_bytes() for each in directory.iterdir()}


@pytest.mark.parametrize(("rows", "taken"), [(399, False), (400, True), (1998, True), (2001, False)])
async def test_the_number_of_rows_stays_within_reason_of_the_last_masters(tmp_path: Path, rows: int, taken: bool) -> None:
    scrip_cache = ScripCache(tmp_path, source="s", indexes=())

    def download(count: int) -> Callable[[OpenSink], Awaitable[Answer]]:
        async def send(into: OpenSink) -> Answer:
            body = json.dumps([{**ROWS[0], "token": str(at)} for at in range(count)]).encode()
            into()(body)
            return Answer(200, body[:4096])

        return send

    first = await scrip_cache.fetch(download(666))
    if taken:
        assert len(await scrip_cache.fetch(download(rows))) == rows
    else:
        with pytest.raises(Unreadable, match="The earlier one stays"):
            await scrip_cache.fetch(download(rows))
        assert scrip_cache.master is first
    again = await ScripCache(tmp_path, source="s", indexes=()).load()
    assert again is not None
    assert len(again) == (rows if taken else 666), "what is on disk is what is in use"
    assert [name for name in on_disk(tmp_path) if not name.endswith((".json", ".columns"))] == []


async def test_a_download_that_dies_halfway_leaves_the_earlier_one_on_disk_and_in_use(
    connections: Connections, connection: MStockConnection, paper: Running, tmp_path: Path
) -> None:
    before = await connection.broker.scrip_master()
    kept = on_disk(tmp_path)
    for fault in ("answer_truncated", "connection_dropped"):
        paper.broker.faults.arm(fault, times=None, route="master")
        with pytest.raises((Unreadable, NotSent)):
            await connection.broker.scrip_master()
        paper.broker.faults.clear()
        assert connections.scrip_cache.master is before
        assert on_disk(tmp_path) == kept
    paper.broker.faults.arm("connection_dropped", times=1, route="master")
    assert len(await connection.broker.scrip_master()) == len(before), "the second attempt begins with an empty file"


@pytest.mark.exhaustive
async def test_it_may_come_as_a_table_of_commas(connection: MStockConnection, paper: Running) -> None:
    before = await connection.broker.scrip_master()
    paper.broker.faults.arm("master_csv")
    assert list(await connection.broker.scrip_master()) == list(before)


async def test_a_disk_that_is_full_is_said_and_spoils_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a file where the directory should be"
    file.write_text("")
    scrip_cache = ScripCache(file / "x", source="s")

    async def download(into: OpenSink) -> Answer:
        into()(json.dumps(ROWS).encode())
        return Answer(200, b"[")

    with pytest.raises(StorageError):
        await scrip_cache.fetch(download)
    assert scrip_cache.master is None


def test_a_master_is_a_sequence_like_any_other(tmp_path: Path) -> None:
    master = read_master(written(tmp_path, ROWS))
    assert isinstance(master, Master)
    assert INDEXES[0] in master
    assert master.index(INDEXES[0]) == 6


async def test_a_token_that_died_overnight_is_renewed_once_for_the_master(
    connections: Connections, connection: MStockConnection, paper: Running, clock: LoopClock
) -> None:
    async def renew(account_id: str, _dead: Session | None) -> Session | None:
        await asyncio.sleep(130)
        return await log_in(connections.of(account_id), credentials_of(PaperAccount()), clock)

    connections.attach(renewer=renew)
    paper.broker.faults.arm("token_expired", route="master")
    assert len(await connection.broker.scrip_master()) > 1000
    assert paper.counter.calls["login"] == 2
