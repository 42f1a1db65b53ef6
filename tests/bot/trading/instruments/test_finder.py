"""What people type for an instrument: one reading is found, more than one and every guess is only offered."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.master import TODAY
from bot.domain.market.display_names import label, short, title
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey, InstrumentKind
from bot.domain.market.scrip_columns import Columns, columns_of
from bot.trading.instruments.finder import Found, Instruments
from tests.stage.values.master import ALL, MADE

EXPIRY = date(2026, 11, 23)  # NIFTY's and every share's last day this month: Tuesday the 24th is a holiday
CONTRACTS = [row for row in MADE.rows if row.is_derivative]


def find(words: str, *, exchange: Exchange | None = None, today: date = TODAY) -> Found:
    return ALL.find(words, exchange=exchange, today=today)


def name_of(found: Found) -> str:
    assert found.instrument is not None, f"not found, but near: {[label(each) for each in found.near]} because {found.say}"
    return f"{found.instrument.exchange}:{found.instrument.name}"


@pytest.mark.parametrize(
    ("words", "means"),
    [
        ("reliance", "NSE:RELIANCE-EQ"),
        ("Reliance ", "NSE:RELIANCE-EQ"),
        ("RELIANCE-EQ", "NSE:RELIANCE-EQ"),
        ("reliance eq", "NSE:RELIANCE-EQ"),
        ("reliance nse", "NSE:RELIANCE-EQ"),
        ("reliance bse", "BSE:RELIANCE"),
        ("RELIANCE · BSE", "BSE:RELIANCE"),
        ("m&m", "NSE:M&M-EQ"),
        ("m & m", "NSE:M&M-EQ"),
        ("mm", "NSE:M&M-EQ"),
        ("l&t", "NSE:LT-EQ"),
        ("bajaj auto", "NSE:BAJAJ-AUTO-EQ"),
        ("bajaj-auto", "NSE:BAJAJ-AUTO-EQ"),
        ("360 one", "NSE:360ONE-EQ"),
        ("bse", "NSE:BSE-EQ"),  # the exchange is itself a listed company
        ("mon100", "NSE:MON100-EQ"),
        ("nf", "NSE:NIFTY 50"),
        ("nifty", "NSE:NIFTY 50"),
        ("nifty 50", "NSE:NIFTY 50"),
        ("bnf", "NSE:NIFTY BANK"),
        ("bank nifty", "NSE:NIFTY BANK"),
        ("finnifty", "NSE:NIFTY FIN SERVICE"),
        ("midcap", "NSE:NIFTY MID SELECT"),
        ("sensex", "BSE:SENSEX"),
        ("vix", "NSE:INDIA VIX"),
        ("nifty fut", "NFO:NIFTY26NOVFUT"),
        ("fut nifty", "NFO:NIFTY26NOVFUT"),
        ("nf dec fut", "NFO:NIFTY26DECFUT"),
        ("nf fut dec 29", "NFO:NIFTY26DECFUT"),
        ("banknifty dec fut", "NFO:BANKNIFTY26DECFUT"),
        ("dec bnf future", "NFO:BANKNIFTY26DECFUT"),
        ("midcap fut", "NFO:MIDCPNIFTY26NOVFUT"),
        ("nifty next 50 fut", "NFO:NIFTYNXT5026NOVFUT"),
        ("sensex fut", "BFO:SENSEX26NOVFUT"),
        ("reliance fut", "NFO:RELIANCE26NOVFUT"),
        ("reliance fut jan", "NFO:RELIANCE27JANFUT"),
        ("m&m fut", "NFO:M&M26NOVFUT"),
        ("bajaj auto 23 nov fut", "NFO:BAJAJ-AUTO26NOVFUT"),
        ("nf 24500 ce", "NFO:NIFTY26NOV24500CE"),
        ("nf 24,500 ce", "NFO:NIFTY26NOV24500CE"),
        ("nf24500ce", "NFO:NIFTY26NOV24500CE"),
        ("nf 24500c", "NFO:NIFTY26NOV24500CE"),
        ("nifty 24500 call", "NFO:NIFTY26NOV24500CE"),
        ("24500 pe nifty", "NFO:NIFTY26NOV24500PE"),
        ("nifty 24500ce 23nov", "NFO:NIFTY26NOV24500CE"),
        ("nifty 23nov 24500ce", "NFO:NIFTY26NOV24500CE"),
        ("nifty 24500 ce nov", "NFO:NIFTY26NOV24500CE"),
        ("nifty 24500 ce 1 dec", "NFO:NIFTY26D0124500CE"),
        ("nifty 24500 ce dec 1 2026", "NFO:NIFTY26D0124500CE"),
        ("nifty 24500 ce 29 december 26", "NFO:NIFTY26DEC24500CE"),
        ("nifty monthly 24500 ce dec", "NFO:NIFTY26DEC24500CE"),
        ("nifty 50 24500 ce", "NFO:NIFTY26NOV24500CE"),
        ("NIFTY26D0124500CE", "NFO:NIFTY26D0124500CE"),
        ("nifty26nov24500ce", "NFO:NIFTY26NOV24500CE"),
        ("NIFTY-23Nov2026-24500-CE-NA", "NFO:NIFTY26NOV24500CE"),  # the order book's own spelling
        ("BANKNIFTY-29Dec2026-FUT", "NFO:BANKNIFTY26DECFUT"),
        ("NIFTY 24500 CE · 23 Nov (Mon, monthly)", "NFO:NIFTY26NOV24500CE"),
        ("NF 24500CE 23Nov", "NFO:NIFTY26NOV24500CE"),
        ("reliance 1480pe 23nov", "NFO:RELIANCE26NOV1480PE"),
        ("reliance 1480.0 pe", "NFO:RELIANCE26NOV1480PE"),
        ("idea 8 nov ce", "NFO:IDEA26NOV8CE"),  # a strike, for "8 Nov" would leave no strike
        ("bankex fut", "BFO:BANKEX26NOVFUT"),
    ],
)
def test_words_with_one_reading_find_exactly_that(words: str, means: str) -> None:
    assert name_of(find(words)) == means


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("relaince", "RELIANCE"),
        ("relience", "RELIANCE"),
        ("infosys", "INFY"),
        ("infosis", "INFY"),
        ("zomato", "ETERNAL"),
        ("sbi", "SBIN"),
        ("hdfc", "HDFCBANK"),
        ("tata motors", "TMPV"),
        ("yes bnak", "YESBANK"),
        ("bnknifty", "BANKNIFTY"),
        ("relaince 1480pe 23nov", "RELIANCE 1480 PE · 23 Nov"),
        ("infosys fut", "INFY FUT · 23 Nov"),
        ("nifty 24510 ce", "NIFTY 24500 CE · 23 Nov"),
        ("nifty 24500 ce 25 nov", "NIFTY 24500 CE · 23 Nov"),
        ("nifty 24500 ce nov 26", "NIFTY 24500 CE · 23 Nov"),  # the 26th, or November of 2026
        ("nifty 24500 ce dec", "NIFTY 24500 CE · 1 Dec"),
        ("nifty 24500 ce weekly", "NIFTY 24500 CE · 23 Nov"),
        ("nifty 24500", "NIFTY 24500 CE · 23 Nov"),
        ("reliance nfo", "RELIANCE FUT · 23 Nov"),
        ("qwfpgj", ""),
        ("fut", ""),
        ("24500 ce", ""),
        ("", ""),
        ("💥", ""),
    ],
)
def test_a_guess_or_a_second_reading_is_offered_and_never_taken(words: str, first: str) -> None:
    found = find(words)
    assert found.instrument is None
    assert (label(found.near[0]) if found.near else "") == first
    assert found.say


def test_a_day_that_has_passed_means_the_next_such_day_and_offers_the_last_expiries() -> None:
    found = find("nifty 24500 ce 23 oct")
    assert found.instrument is None
    assert found.near
    assert all(each.symbol == "NIFTY" for each in found.near)


def test_readings_that_both_exist_are_offered_alone_and_marked_exact() -> None:
    found = find("nifty 24500 ce dec")
    assert found.exact
    assert {each.strike for each in found.near} == {Decimal(24500)}
    assert all(each.expiry is not None and each.expiry.month == 12 for each in found.near)


def test_a_contract_without_a_day_is_the_nearest_but_on_its_last_day_it_is_two_buttons() -> None:
    assert name_of(find("nifty 24500 ce", today=EXPIRY - timedelta(days=1))) == "NFO:NIFTY26NOV24500CE"
    last_day = find("nifty 24500 ce", today=EXPIRY)
    assert last_day.instrument is None
    assert last_day.exact
    assert [each.expiry for each in last_day.near] == [EXPIRY, date(2026, 12, 1)]
    assert name_of(find("nifty 24500 ce today", today=EXPIRY)) == "NFO:NIFTY26NOV24500CE"
    assert name_of(find("nifty 24500 ce 23nov", today=EXPIRY)) == "NFO:NIFTY26NOV24500CE"
    assert name_of(find("nifty 24500 ce", today=EXPIRY + timedelta(days=1))) == "NFO:NIFTY26D0124500CE"


def test_an_expired_contract_is_found_by_no_words_but_still_by_its_key() -> None:
    later = EXPIRY + timedelta(days=1)
    contract = find("NIFTY26NOV24500CE").instrument
    assert contract is not None
    for words in ("NIFTY26NOV24500CE", "nifty 24500 ce 23 nov 2026", "nf 24500 ce nov"):
        found = find(words, today=later)
        assert found.instrument is None
        assert all(each.expiry is None or each.expiry >= later for each in found.near)
    assert ALL.by_key(contract.key) == contract


def test_an_index_cannot_be_ordered_so_its_contracts_are_offered() -> None:
    found = ALL.find("nf", today=TODAY, tradable=True)
    assert found.instrument is None
    assert label(found.near[0]) == "NIFTY FUT · 23 Nov"
    assert "index" in found.say
    assert ALL.find("reliance", today=TODAY, tradable=True).instrument is not None


def test_the_exchange_of_the_order_decides_and_one_that_contradicts_the_words_finds_nothing() -> None:
    assert name_of(find("reliance", exchange=Exchange.BSE)) == "BSE:RELIANCE"
    assert name_of(find("nifty fut", exchange=Exchange.NSE)) == "NFO:NIFTY26NOVFUT"
    assert name_of(find("nifty fut", exchange=Exchange.NFO)) == "NFO:NIFTY26NOVFUT"
    for words, exchange in (("reliance nse", Exchange.BSE), ("nifty fut", Exchange.BFO), ("sensex fut", Exchange.NSE)):
        found = find(words, exchange=exchange)
        assert found.instrument is None
        assert found.say


def share(name: str, series: str, token: str, exchange: Exchange = Exchange.NSE) -> Instrument:
    return Instrument(
        exchange=exchange,
        token=token,
        symbol="ABC",
        name=name,
        kind=InstrumentKind.EQUITY,
        lot=1,
        tick=Decimal("0.05"),
        series=series,
    )


EQ, BE, N1, N2 = share("ABC-EQ", "EQ", "1"), share("ABC-BE", "BE", "2"), share("ABC-N1", "N1", "3"), share("ABC-N2", "N2", "4")
BSE = share("ABC", "", "1", Exchange.BSE)


@pytest.mark.parametrize(
    ("rows", "means"),
    [
        ([BSE, N1, BE, EQ], EQ),
        ([BSE, N1, BE], BE),
        ([N1, BSE], N1),
        ([BSE], BSE),
    ],
)
def test_nse_goes_before_bse_and_eq_before_be(rows: list[Instrument], means: Instrument) -> None:
    assert Instruments(rows, day=TODAY).find("abc", today=TODAY).instrument == means


def test_two_bonds_of_one_company_are_buttons() -> None:
    found = Instruments([N1, N2], day=TODAY).find("abc", today=TODAY)
    assert found.instrument is None
    assert set(found.near) == {N1, N2}
    assert found.exact


def test_one_token_on_two_exchanges_is_two_instruments() -> None:
    both = Instruments([EQ, BSE], day=TODAY)
    assert both.by_key(InstrumentKey(Exchange.NSE, "1")) == EQ
    assert both.by_key(InstrumentKey(Exchange.BSE, "1")) == BSE
    assert both.by_key(InstrumentKey(Exchange.NFO, "1")) is None
    assert both.named(Exchange.BSE, "ABC") == BSE
    assert both.named(Exchange.NSE, "ABC") is None


@given(st.sampled_from(CONTRACTS))
def test_every_way_we_write_a_contract_can_be_typed_back(contract: Instrument) -> None:
    monthly = ALL.is_monthly(contract)
    for words in (
        title(contract, monthly=monthly),
        title(contract, today=TODAY),
        label(contract, today=TODAY),
        short(contract, today=TODAY).lower(),
        contract.name,
    ):
        assert find(words).instrument == contract, words


@given(st.sampled_from([row for row in MADE.rows if not row.is_derivative and row.series in ("", "EQ", "BE")]))
def test_every_way_we_write_a_share_can_be_typed_back(row: Instrument) -> None:
    assert find(label(row)).instrument == row
    assert ALL.by_key(row.key) == row


@given(st.text(max_size=120) | st.text(alphabet="nifty 24500ce23nov-&.,decfutrelianc", max_size=60))
def test_no_words_can_break_the_search(words: str) -> None:
    found = find(words)
    assert (found.instrument is None) or not found.near
    assert len(found.near) <= 8
    assert len({each.key for each in found.near}) == len(found.near)
    assert len(ALL.search(words, today=TODAY)) <= 8


@given(st.sampled_from(CONTRACTS), st.integers(1, 4000))
def test_a_strike_that_does_not_exist_is_never_taken_for_one_that_does(contract: Instrument, off: int) -> None:
    if contract.strike is None:
        return
    words = f"{contract.symbol} {contract.strike + Decimal(off) / 100} {contract.right} {contract.expiry:%d%b%Y}"
    found = find(words)
    assert found.instrument is None or found.instrument.strike == contract.strike + Decimal(off) / 100
    assert found.near or found.instrument


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("reliance", ["RELIANCE", "RELIANCE FUT 23Nov"]),
        ("nf", ["NIFTY", "NF FUT 23Nov"]),
        ("rel", ["RELIANCE"]),
        ("nifty fut", ["NF FUT 23Nov"]),
        ("bjaj auto", ["BAJAJ-AUTO"]),
        ("nifty 24500 ce dec", ["NF 24500CE 1Dec", "NF 24500CE 8Dec"]),
    ],
)
def test_the_search_ranks_by_what_people_mean(words: str, first: Sequence[str]) -> None:
    assert [short(each) for each in ALL.search(words, today=TODAY)][: len(first)] == list(first)


BY_SYMBOL: dict[str, list[Instrument]] = {}
for each_row in MADE.rows:
    if not each_row.is_derivative:
        BY_SYMBOL.setdefault(each_row.symbol, []).append(each_row)


@given(st.sampled_from(sorted(BY_SYMBOL)))
def test_a_bare_symbol_is_the_share_first_on_nse_and_rolling_and_contracts_follow_by_expiry(symbol: str) -> None:
    found = ALL.search(symbol.lower(), today=TODAY)
    mine = [each for each in found if each.symbol == symbol]
    series = {row.series for row in BY_SYMBOL[symbol] if row.exchange is Exchange.NSE}
    wanted = next((name for name in ("EQ", "BE") if name in series), None)
    assert found[0].symbol == symbol
    assert not found[0].is_derivative
    if wanted is not None:
        assert (found[0].exchange, found[0].series) == (Exchange.NSE, wanted)
    assert [each.is_derivative for each in mine] == sorted(each.is_derivative for each in mine), "shares before contracts"
    expiries = [each.expiry for each in mine if each.expiry is not None]
    assert expiries == sorted(expiries)


@given(st.sampled_from(sorted({row.symbol for row in CONTRACTS})))
def test_a_future_that_is_asked_for_comes_first_with_the_nearest_expiry(symbol: str) -> None:
    first = ALL.search(f"{symbol} fut", today=TODAY)[0]
    futures = [row.expiry for row in CONTRACTS if row.symbol == symbol and row.strike is None and row.expiry is not None]
    assert (first.symbol, first.strike, first.expiry) == (symbol, None, min(futures))


def test_shares_with_contracts_are_known_as_such() -> None:
    assert ALL.has_derivatives("RELIANCE")
    assert not ALL.has_derivatives("GOLDBEES")
    assert ALL.expiries("RELIANCE", today=TODAY) == (EXPIRY, date(2026, 12, 29), date(2027, 1, 26))
    assert ALL.expiries("GOLDBEES", today=TODAY) == ()


class LazyMaster(Sequence[Instrument]):
    """A master that counts the instruments it has to make."""

    def __init__(self, rows: Sequence[Instrument]) -> None:
        self._rows = rows
        self._columns = columns_of(rows)
        self.made = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Instrument:  # type: ignore[override]  # slices are not needed here
        self.made += 1
        return replace(self._rows[row])

    def columns(self) -> Columns:
        return self._columns

    def find(self, key: InstrumentKey) -> Instrument | None:
        return next((self[at] for at, row in enumerate(self._rows) if row.key == key), None)

    def rows_named(self, name: str) -> Sequence[int]:
        return [at for at, row in enumerate(self._rows) if row.name == name]


def test_a_lazy_master_makes_only_the_instruments_that_are_shown() -> None:
    master = LazyMaster(MADE.rows)
    lazy = Instruments(master, MADE.indices, day=TODAY)
    assert master.made == 0
    assert len(lazy) == len(MADE.rows)
    assert lazy.find("nifty 24500 ce 23nov", today=TODAY).instrument is not None
    assert master.made == 1
    assert lazy.by_key(MADE.rows[-1].key) == MADE.rows[-1]
    assert lazy.by_key(MADE.indices[0].key) == MADE.indices[0], "an index that is in no row"
    assert lazy.by_key(InstrumentKey(Exchange.NSE, "nothing")) is None
    assert master.made == 2
    lazy.search("relaince", today=TODAY)
    assert master.made <= 20


@pytest.mark.parametrize("words", ["zzzz", "qwfpgj", "एक्सवाई"])
def test_what_looks_like_no_name_at_all_is_offered_the_least_unlike_to_look_at(words: str) -> None:
    assert find(words).near == ()
    alike = ALL.alike(words, limit=4, today=TODAY)
    assert len(alike) <= 4
    assert words != "zzzz" or {instrument.symbol[0] for instrument in alike} == {"Z"}
    assert bool(alike) is words.isascii()
