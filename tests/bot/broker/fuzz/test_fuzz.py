"""Every decoder against mutants of real-shaped answers: a valid value or a typed error, exact money, and no invented refusal.

Hypothesis draws a seed. Each seed makes a batch of mutants by plain random choices, so that `make fuzz` (FUZZ=1) meets each
decoder with at least 100,000. A failure prints the mutant itself.
"""

import random
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.broker import transport
from bot.broker.feed import frames, samples, socket_feed
from bot.broker.scrips import scrip_decoder
from bot.broker.wire import answers, models, research_rows, translate, vocabulary
from bot.broker.wire.answers import Answer, envelope
from bot.broker.wire.row_cache import Rows
from bot.domain.errors import BotError, Unreadable
from bot.domain.market.instrument import Exchange, InstrumentKey
from tests.bot.broker.fuzz.mutants import BATCH, LONG, ODD, figures, fuzzed, is_sound, mutated, spoiled, values
from tests.bot.broker.quirks.rows import FUNDS, ORDER, POSITION, TRADE, good
from tests.bot.broker.scrips.test_scrip_decoder import ROWS
from tests.stage.depth import examples

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)

QUOTE = {
    "exchange": "NFO",
    "tradingSymbol": "NIFTY",
    "symbolToken": "45268",
    "ltp": 179.65,
    "open": 147.05,
    "high": 184.4,
    "low": 115,
    "close": 163.05,
}
HOLDING = {
    "tradingsymbol": "BANK OF MAHARASHTRA",
    "exchange": None,
    "isin": "INE457A01014",
    "t1quantity": 0,
    "realisedquantity": 0,
    "quantity": 10,
    "authorisedquantity": 0,
    "collateralquantity": 0,
    "averageprice": 30,
    "ltp": 84.7,
    "symboltoken": "11377",
    "close": 51.1,
}
MARGIN = {
    "summary": {
        "total_charges": 1480.35,
        "trade_value": 1480.3,
        "breakup": [
            {"name": "VARELMMARGIN", "amount": 296.06, "msg": None, "breakup": []},
            {"name": "BROKERAGE", "amount": 20, "msg": "", "breakup": []},
        ],
    },
    "charges": [],
}
CANDLES = {
    "candles": [["2025-04-04 15:27", 100.5, 101, 99.95, 100, 12000], ["2025-04-04T15:26:00+05", 100, 100.5, 100, 100.5, 7]]
}
STEP = {**ORDER, "price": 24.5, "updatetime": "23-01-2025 03:14:25 PM"}
PAST = {
    "exchange": "NSE",
    "producttype": "CNC",
    "tradingsymbol": "RASHTRIYA CHEMICALS & FER",
    "transactiontype": "BUY",
    "fillprice": "145.2",
    "fillsize": "3",
    "orderid": "1",
    "fillid": "77",
    "filltime": "14:48:23",
}
CHAINS = {
    "dctExp": {"1": 1480000000, "2": 1758758400},
    "FUTIDX": ["BANKNIFTY,26009,1,2"],
    "OPTIDX": ["NIFTY,26000,1,2"],
    "OFSTK": ["ACC,22"],
}
CHAIN = {
    "contractModel": {"sym": "ACC"},
    "call": ["54457,250000,2969100"],
    "put": ["54456,250000,0"],
    "future": ["54458,-1,2969100"],
    "spot": "ACC,22,NSEEQ",
}


def rows(read: Callable[[object], object], name: str) -> Callable[[Any], object]:
    return lambda data: [read(row) for row in models.rows(data, name)]


def nothing_found(_key: InstrumentKey) -> None:
    return None


def order_book(data: Any) -> object:
    """As the client reads it: rows from elsewhere that nobody can read are left out."""
    return Rows(translate.order_fact, translate.is_from_elsewhere).facts(models.rows(data, "order book"))


KEY = InstrumentKey(Exchange.NFO, "45268")
# name: (a true answer's data, the decoder, whether each figure of the result must stand in the answer)
DECODERS: dict[str, tuple[Any, Callable[[Any], object], bool]] = {
    "orders": ([ORDER, ORDER], rows(translate.order_fact, "order book"), True),
    "order book": ([ORDER, {**ORDER, "ordertag": "NA"}], order_book, True),
    "trades": ([TRADE], rows(translate.trade_fact, "trade book"), True),
    "positions": ([POSITION], rows(lambda row: translate.position(row, nothing_found), "positions"), False),
    "holdings": ([HOLDING], rows(lambda row: translate.holding(row, nothing_found), "holdings"), False),
    "funds": ([FUNDS], lambda data: translate.funds(data, NOW), False),
    "margin": (MARGIN, translate.margin, False),
    "quotes": ({"fetched": [QUOTE], "unfetched": []}, lambda data: translate.quotes(data, [KEY]), True),
    "quotes, bare": ([QUOTE], lambda data: translate.quotes(data, [KEY]), True),
    "quotes, nested": ({"NFO": {"45268": QUOTE}}, lambda data: translate.quotes(data, [KEY]), True),
    "candles": (CANDLES, research_rows.candles, True),
    "order steps": ([STEP], research_rows.order_steps, False),
    "past trades": ([PAST], research_rows.past_trades, True),
    "underlyings": (CHAINS, lambda data: research_rows.underlyings(data, NOW), False),
    "chain": (CHAIN, lambda data: research_rows.chain(data, Exchange.NFO, date(2026, 12, 1)), False),
    "login": ({"jwtToken": "a", "refreshToken": "a"}, lambda data: models.read(models.LoginData, data, "login").handle, False),
    "session": ({"ClientName": "A", "jwtToken": "a"}, lambda data: models.read(models.SessionData, data, "l").jwtToken, False),
}  # fmt: skip


@pytest.mark.parametrize("name", DECODERS)
@given(seed=st.integers(0, 2**63))
@fuzzed
def test_a_read_gives_a_sound_value_or_a_typed_error(name: str, seed: int) -> None:
    data, decoder, copied = DECODERS[name]
    chance = random.Random(seed)
    for _ in range(BATCH):
        raw = mutated(good(data), chance)
        try:
            told = envelope(raw)
            failure = answers.failure_of_read(Answer(200, raw), told)
            if failure is not None:
                assert isinstance(failure, BotError)
                failure.say.encode()
                continue
            assert told is not None
            result = decoder(told.data)
        except Unreadable as unreadable:
            unreadable.say.encode()
            continue
        except Exception as crash:
            raise AssertionError(f"{name} crashed on {raw!r}") from crash
        is_sound(result)
        if copied:
            there = set(figures(answers.decode(raw)))
            for value in values(result):
                if isinstance(value, Decimal) and value not in there and abs(value) not in there:
                    raise AssertionError(f"{name}: {value} does not stand in {raw!r}")


@given(seed=st.integers(0, 2**63))
@fuzzed
def test_frames_give_ticks_or_typed_errors(seed: int) -> None:
    chance = random.Random(seed)
    recorded = (Path(__file__).parents[3] / "fixtures" / "broker" / "nifty-25400-ce.bin").read_bytes()
    for _ in range(BATCH):
        packet = recorded[: chance.choice((51, 123, 379))]
        packet = bytes([{51: 1, 123: 2, 379: 3}[len(packet)]]) + packet[1:]
        count = chance.randrange(1, 4)
        frame = (
            chance.choice((b"", struct.pack("<HH", count, len(packet)), struct.pack(">HH", count, len(packet)))) + packet * count
        )
        frame = spoiled(frame, chance) if chance.random() < 0.9 else frame
        samples.scrubbed(frame)
        try:
            ticks = frames.ticks(frame, NOW)
        except Unreadable:
            continue
        for tick in ticks:
            is_sound(tick)
            assert tick.last > 0
            for level in tick.bids + tick.asks:
                assert level.price > 0
                assert level.quantity > 0


STEP_FRAME = {"order_status": "trade", "orderData": {**ORDER, "price": 0, "strikeprice": 25900}}


@given(seed=st.integers(0, 2**63))
@fuzzed
def test_news_of_an_order_rings_or_is_a_price_and_its_sample_names_nobody(seed: int) -> None:
    chance = random.Random(seed)
    looks = samples.Samples()
    for count in range(1, BATCH + 1):
        raw = mutated(STEP_FRAME, chance)
        try:
            ticks = frames.ticks(raw, NOW)
        except Unreadable:
            ticks = []
        assert not ticks or len(raw) in (51, 123, 379) or raw[0] in (1, 2, 3), raw
        text = raw.decode("utf-8", "replace")
        for frame in (raw, text):
            assert isinstance(socket_feed._is_step(frame), bool)
            looks.add(frame)
        assert looks.count == 2 * count
    for look, _ in looks.looks:
        look.encode()
        assert ORDER["orderid"] not in look
        assert ORDER["tradingsymbol"] not in look


@given(
    st.text(max_size=60)
    | st.builds(
        "{}, {:02d} Nov {} {}:00:14 GMT".format, st.text(max_size=4), st.integers(0, 40), st.integers(0, 9999), st.integers(0, 30)
    )
)
@settings(max_examples=100_000 if LONG else examples(300), deadline=None)
def test_a_date_header_of_any_shape_is_a_time_or_none(header: str) -> None:
    try:
        response = httpx.Response(200, headers={"Date": header, "Retry-After": header})
    except UnicodeEncodeError:
        return
    told = transport.clock_of(response)
    assert told is None or abs((told - NOW).total_seconds()) < 10**12
    wish = transport.retry_after(response)
    assert wish is None or 0 <= wish < 10**6


@pytest.mark.exhaustive
@given(seed=st.integers(0, 2**63))
@fuzzed
def test_a_table_of_commas_is_a_whole_master_or_refused(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    chance = random.Random(seed)
    path = tmp_path_factory.getbasetemp() / "fuzzed.csv"
    names = list(ROWS[0])
    for _ in range(BATCH):
        lines = [",".join(names), *(",".join(str(row[name]) for name in names) for row in ROWS)]
        for _ in range(chance.choice((0, 1, 2))):
            at = chance.randrange(len(lines))
            cells = lines[at].split(",")
            cells[chance.randrange(len(cells))] = str(chance.choice(ODD))
            lines[at] = ",".join(cells)
        raw = "\n".join(lines).encode("utf-8", "surrogatepass")
        path.write_bytes(spoiled(raw, chance) if chance.random() < 0.3 else raw)
        try:
            master = scrip_decoder.read_master(path)
        except Unreadable:
            continue
        is_sound(list(master))
        assert len({each.key for each in master}) == len(master)


@pytest.mark.exhaustive
@given(seed=st.integers(0, 2**63))
@fuzzed
def test_a_scrip_master_is_whole_or_refused(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    chance = random.Random(seed)
    path = tmp_path_factory.getbasetemp() / "fuzzed.json"
    for _ in range(BATCH):
        path.write_bytes(mutated(ROWS, chance))
        try:
            master = scrip_decoder.read_master(path)
        except Unreadable:
            continue
        is_sound(list(master))
        columns = master.columns()
        assert list(columns.token) == [each.token for each in master]
        assert len({each.key for each in master}) == len(master)


@given(st.text(), st.integers(1, 10**6), st.integers(0, 10**6))
@settings(max_examples=100_000 if LONG else examples(200), deadline=None)
def test_a_status_word_nobody_knows_leaves_the_order_open(word: str, quantity: int, filled: int) -> None:
    status = vocabulary.order_status(word, quantity=quantity, filled=min(filled, quantity))
    known = ("REJECT", "FAIL", "CANCEL", "TRADED", "COMPLETE", "EXECUTED", "CONFIRMED", "FILLED", "EXPIRED")
    if not any(each in vocabulary.squeezed(word) for each in known):
        assert not status.is_final
