"""Chains by expiry: which days words name, and which contracts lie next to what does not exist."""

from datetime import date
from decimal import Decimal

from bench.master import TODAY
from bot.domain.market.instrument import Exchange, Right
from bot.domain.market.scrip_columns import columns_of
from bot.trading.instruments.contracts import Contracts
from bot.trading.instruments.query import ContractQuery, When
from tests.stage.values.master import MADE

ALL = Contracts(columns_of(MADE.rows))
NFO, BFO = Exchange.NFO, Exchange.BFO
WEEKLY, MONTHLY = date(2026, 12, 1), date(2026, 11, 23)


def test_the_last_expiry_of_a_month_is_the_monthly_one_even_on_a_monday() -> None:
    assert ALL.is_monthly(NFO, "NIFTY", MONTHLY)
    assert not ALL.is_monthly(NFO, "NIFTY", WEEKLY)
    assert not ALL.is_monthly(NFO, "NIFTY", date(2026, 11, 24))  # nothing expires then
    assert not ALL.is_monthly(Exchange.NSE, "NIFTY", MONTHLY)


def test_days_gone_by_are_no_expiries() -> None:
    assert ALL.expiries(NFO, "RELIANCE", TODAY)[0] == MONTHLY
    assert ALL.expiries(NFO, "RELIANCE", date(2026, 11, 24))[0] == date(2026, 12, 29)
    assert ALL.expiries(NFO, "RELIANCE", date(2030, 1, 1)) == []
    assert ALL.expiries(NFO, "NOBODY", TODAY) == []


def test_markets_are_where_living_contracts_are() -> None:
    assert ALL.markets("NIFTY", None, TODAY) == [NFO]
    assert ALL.markets("SENSEX", None, TODAY) == [BFO]
    assert ALL.markets("SENSEX", Exchange.BSE, TODAY) == [BFO]
    assert ALL.markets("SENSEX", Exchange.NSE, TODAY) == []
    assert ALL.markets("NIFTY", None, date(2030, 1, 1)) == []


def test_a_chain_holds_each_contract_of_its_day_once() -> None:
    chain = ALL.chain(NFO, "RELIANCE", MONTHLY)
    rows = [row for rows in chain.options.values() for row in rows] + chain.futures
    wanted = [row for row in MADE.rows if row.symbol == "RELIANCE" and row.expiry == MONTHLY]
    assert sorted(MADE.rows[row].name for row in rows) == sorted(row.name for row in wanted)
    assert len(chain.futures) == 1


def near(ask: ContractQuery, symbol: str = "RELIANCE") -> list[str]:
    return [MADE.rows[row].name for row in ALL.near(NFO, symbol, ask, TODAY, 8)]


def test_near_a_strike_that_does_not_exist_lie_its_neighbours_and_then_later_days() -> None:
    names = near(ContractQuery(strike=Decimal(1484), right=Right.CE))
    assert names[:3] == ["RELIANCE26NOV1480CE", "RELIANCE26NOV1490CE", "RELIANCE26NOV1470CE"]
    assert "RELIANCE26DEC1480CE" in names


def test_near_a_day_without_expiry_lie_the_closest_expiries() -> None:
    assert near(ContractQuery(future=True, when=When(day=20, month=12)))[0] == "RELIANCE26DECFUT"
    assert (
        near(ContractQuery(future=True, when=When(day=31, month=2)))[0] == "RELIANCE27JANFUT"
    )  # no such day: the end of the month


def test_without_a_strike_the_middle_of_the_chain_is_near() -> None:
    names = near(ContractQuery(right=Right.PE))
    assert names[0].startswith("RELIANCE26NOV")
    assert all(name.endswith("PE") for name in names)
    assert near(ContractQuery(future=True), "NOBODY") == []
