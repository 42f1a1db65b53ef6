"""The shipped data opens whole, a host's rows lie on top, and a bad row stops the start with its name."""

import copy
import tomllib
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.charges.charges import Trade
from bot.domain.charges.tariff import ChargeName, TradeClass
from bot.domain.market.instrument import Exchange
from bot.domain.market.market_days import DayKind
from bot.domain.market.sessions import PhaseKind, SessionClass
from bot.domain.orders.rejections import RejectionKind
from bot.domain.terms import OrderKind, Product, Side
from bot.reference.load import FILES, HERE, MODELS, ReferenceData, load_reference
from bot.reference.schema import BadRow, tables_of
from tests.stage.values.market import a_future, a_share, ist_at


def host(tmp_path: Path, text: str) -> ReferenceData:
    path = tmp_path / "host.toml"
    path.write_text(text, encoding="utf-8")
    return load_reference(path)


def test_every_shipped_row_names_its_source() -> None:
    for name in FILES:
        text = (HERE / name).read_text(encoding="utf-8")
        rows = [part for part in text.split("\n[[")[1:] if not part.startswith("#")]
        assert rows
        for row in rows:
            body = "\n".join(line for line in row.splitlines() if not line.startswith("#"))
            assert "\nsource = " in body, row


def test_a_host_adds_the_year_that_we_do_not_have(tmp_path: Path) -> None:
    reference = host(
        tmp_path,
        """
        [[years]]
        year = 2027
        source = "NSE holiday list 2027"

        [[days]]
        date = 2027-01-26
        what = "holiday"
        name = "Republic Day"
        source = "NSE holiday list 2027"
        """,
    )
    assert reference.override == "host.toml"
    assert reference.calendar.day(date(2027, 1, 26)).kind is DayKind.HOLIDAY
    assert reference.calendar.may(a_share(), Product.CNC, ist_at("2027-01-25 11:00"), in_auction=True).may_enter
    assert not load_reference().calendar.may(a_share(), Product.CNC, ist_at("2027-01-25 11:00"), in_auction=True).may_enter


def test_a_host_gives_the_muhurat_session_its_hours(tmp_path: Path) -> None:
    reference = host(
        tmp_path,
        """
        [[days]]
        date = 2026-11-08
        what = "special"
        name = "Muhurat trading"
        counts = false
        announced = 2026-10-20
        source = "the exchange's circular"
        hours.cash = [{ phase = "CONTINUOUS", start = 18:00:00, end = 19:00:00 }]
        hours.derivative = [{ phase = "CONTINUOUS", start = 18:00:00, end = 19:00:00 }]
        """,
    )
    for session in SessionClass:
        kinds = [phase.kind for phase in reference.calendar.phases_of(session, date(2026, 11, 8))]
        assert kinds == [PhaseKind.SHUT, PhaseKind.CONTINUOUS, PhaseKind.SHUT]
    assert reference.calendar.may(a_share(), Product.CNC, ist_at("2026-11-08 18:30"), in_auction=True).may_enter
    assert reference.calendar.day(date(2026, 11, 8), as_of=date(2026, 10, 1)).kind is DayKind.SPECIAL


def test_a_host_opens_a_day_that_our_list_calls_a_holiday_and_shuts_another(tmp_path: Path) -> None:
    reference = host(
        tmp_path,
        """
        [[days]]
        date = 2026-12-25
        what = "trading"
        name = "open after all"
        source = "the exchange's circular"

        [[days]]
        date = 2026-12-09
        what = "holiday"
        name = "A surprise"
        announced = 2026-12-06
        source = "the exchange's circular"
        """,
    )
    assert reference.calendar.is_trading(date(2026, 12, 25))
    assert not reference.calendar.is_trading(date(2026, 12, 9))
    assert reference.calendar.is_trading(date(2026, 12, 9), as_of=date(2026, 12, 5))
    assert reference.calendar.trading_day_after(date(2026, 12, 8)) == date(2026, 12, 10)


def test_a_host_replaces_a_rate_a_freeze_a_square_off_and_adds_its_own_plan(tmp_path: Path) -> None:
    reference = host(
        tmp_path,
        """
        [[fees]]
        charge = "DP"
        rupees = "20"
        gst = false
        from = 2024-10-01
        source = "my ledger"

        [[plans]]
        name = "mine"
        title = "what my contract note says"
        intraday = "20"
        intraday_percent = "0.03"
        mtf = "5"
        source = "my contract note"

        [[freeze]]
        exchange = "NFO"
        from = 2026-11-02
        monthly = true
        units = { NIFTY = 1300 }
        source = "the notice of November"

        [[square_off]]
        product = "MIS"
        kinds = ["INDEX_FUTURE", "STOCK_FUTURE", "INDEX_OPTION", "STOCK_OPTION"]
        from = 2026-08-03
        time = 15:25:00
        proven = true
        source = "seen on my account"

        [[texts]]
        name = "lot"
        pattern = "ODD LOT"
        kind = "QUANTITY"
        says = "Lots only."
        repair = "NEAREST_LOT"
        example = "odd lot"
        source = "my order book"
        """,
    )
    today = date(2026, 11, 20)
    sale = Trade(instrument=a_share(), side=Side.SELL, product=Product.CNC, quantity=1, price=Decimal(100), day=today)
    assert reference.tariff.order(sale, None).amount(ChargeName.DP) == Decimal(20)
    mine = reference.tariff.plan("mine")
    assert mine is not None
    assert set(mine.terms) == {TradeClass.INTRADAY, TradeClass.MTF}
    assert len(reference.tariff.plans) == 4
    freeze = reference.rules.freeze(a_future(), today)
    assert freeze is not None
    assert (freeze.quantity, freeze.stale(today)) == (1300, False)
    other = reference.rules.freeze(a_future("BANKNIFTY"), today)
    assert other is not None
    assert other.quantity == 600
    square_off = reference.calendar.square_off(a_future(), Product.MIS, today)
    assert square_off is not None
    assert square_off.proven
    assert square_off.at == ist_at("2026-11-20 15:25")
    assert reference.rejections.explain("odd lot").says == "Lots only."
    assert reference.rejections.explain("QUANTITY SHOULD BE MULTIPLE OF LOT SIZE").kind is RejectionKind.UNKNOWN


def test_a_host_lays_the_days_ban_and_lists_of_surveillance_beside(tmp_path: Path) -> None:
    rules = host(
        tmp_path,
        """
        [[bans]]
        on = 2026-11-20
        symbols = ["RELIANCE"]
        source = "the list of the evening before"

        [[surveillance]]
        exchange = "NSE"
        measure = "ASM stage 1"
        from = 2026-11-02
        symbols = ["SMALLCO", "OLDCO"]
        source = "NSE"

        [[surveillance]]
        exchange = "NSE"
        measure = "ASM stage 1"
        from = 2026-11-16
        symbols = ["SMALLCO"]
        source = "NSE"

        [[surveillance]]
        exchange = "NSE"
        measure = "GSM"
        from = 2026-11-02
        symbols = ["SMALLCO"]
        source = "NSE"
        """,
    ).rules
    day, next_day = date(2026, 11, 20), date(2026, 11, 23)
    future = a_future("RELIANCE", stock=True)
    assert (rules.is_banned(future, day), rules.is_banned(future, next_day)) == (True, False)
    assert not rules.is_banned(a_share(), day), "the share itself is traded"
    assert rules.measures(a_share("SMALLCO"), day) == ("ASM stage 1", "GSM")
    assert rules.measures(a_share("OLDCO"), day) == (), "the newer list has it no more"
    assert rules.measures(a_share("OLDCO"), date(2026, 11, 13)) == ("ASM stage 1",)
    assert rules.measures(a_share("SMALLCO", exchange=Exchange.BSE), day) == ()


def test_a_host_names_a_price_band_and_a_withdrawn_order_kind(tmp_path: Path) -> None:
    reference = host(
        tmp_path,
        """
        [[price_bands]]
        exchange = "NSE"
        symbol = "SMALLCO"
        percent = "5"
        from = 2026-11-02
        source = "NSE band list"

        [[withdrawn]]
        order = "SL-M"
        exchanges = ["NSE"]
        kinds = ["EQUITY"]
        from = 2026-11-02
        source = "a notice"
        """,
    )
    today = date(2026, 11, 20)
    band = reference.rules.price_band(a_share("SMALLCO"), today)
    assert band is not None
    assert band.percent == Decimal(5)
    assert reference.rules.price_band(a_share("SMALLCO"), date(2026, 11, 1)) is None
    assert not reference.rules.offers_slm(a_share(), today)
    window = reference.calendar.may(a_share(), Product.CNC, ist_at("2026-11-20 11:00"), in_auction=True)
    assert OrderKind.SL_M not in window.kinds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[days]]\ndate = 2026-12-09\nwhat = 'holiday'\nname = 'x'", r"host.toml, \[\[days\]\] row 1: source is missing"),
        (
            "[[days]]\ndate = 2026-12-09\nwhat = 'feast'\nname = 'x'\nsource = 's'",
            "what must be one of holiday, special, trading",
        ),
        ("[[days]]\ndate = '2026-12-09'\nwhat = 'holiday'\nname = 'x'\nsource = 's'", "date must be a date"),
        ("[[dayz]]\ndate = 2026-12-09", "I do not know the table dayz"),
        ("[[years]]\nyear = 27\nsource = 's'", "year must be a whole number"),
        ("[[fees]]\ncharge = 'DP'\nrupees = 18\ngst = true\nfrom = 2026-01-01\nsource = 's'", "in quotes"),
        ("not toml at all", "host.toml is no TOML"),
    ],
)
def test_a_bad_host_row_stops_the_start_and_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadRow, match=words):
        host(tmp_path, text)


def test_a_host_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadRow, match=r"absent\.toml cannot be read"):
        load_reference(tmp_path / "absent.toml")


def test_a_file_that_is_no_text_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "host.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadRow, match="is no TOML"):
        load_reference(tmp_path / "host.toml")


def test_a_host_file_may_have_the_name_of_a_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "calendar.toml"
    path.write_text('[[years]]\nyear = 2027\nsource = "the list of 2027"\n', encoding="utf-8")
    assert set(load_reference(path).calendar.years) == set(load_reference().calendar.years) | {2027}


ODD: tuple[Any, ...] = (
    *("", "x", "-1", "1e3", 0, -1, 7, 0.5, True, [], ["x"], [[]], {}, {"x": 1}),
    *(date(2026, 1, 2), time(9, 15), datetime(2026, 1, 2, 9, 15)),  # noqa: DTZ001  # TOML has moments without a zone
)
SHIPPED = {name: tomllib.loads((HERE / name).read_text("utf-8")) for name in FILES}


def places(value: object) -> list[tuple[Any, Any]]:
    """(container, key) of everything inside."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for key, inner in pairs for each in ((value, key), *places(inner))]


@given(st.data())
def test_whatever_is_wrong_in_a_file_it_is_read_or_refused_in_words_that_name_the_file(data: st.DataObject) -> None:
    content = copy.deepcopy(SHIPPED[data.draw(st.sampled_from(FILES))])
    table = data.draw(st.sampled_from(sorted(content)))
    rows = content[table]
    content = {table: rows[:3] if isinstance(rows, list) else rows}
    inside, key = data.draw(st.sampled_from(places(content)))
    if isinstance(inside, dict) and data.draw(st.booleans()):
        inside[data.draw(st.sampled_from(("", "x", "source", "from")))] = inside.pop(key)
    else:
        inside[key] = data.draw(st.sampled_from(ODD))
    for model in MODELS:
        try:
            tables_of(content, "host.toml", model)
        except BadRow as refused:
            said = refused.say
        else:
            said = "host.toml: read"
        assert said.startswith(("host.toml: ", "host.toml, ["))
