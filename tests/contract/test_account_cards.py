"""Cards 1 to 29: login, envelope, funds, scrip master."""

import base64
import json
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.clock import next_midnight
from bot.domain.market.instrument import Exchange, InstrumentKind
from tests.contract.bench import Bench, card

pytestmark = pytest.mark.asyncio(loop_scope="module", **({"loop_factories": ["real"]} if "--live" in sys.argv else {}))


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    told = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert isinstance(told, dict)
    return told


@card(1, "3.1")
async def test_card_01(bench: Bench) -> None:
    """Password step: three equal tokens and the state live."""
    told = await bench.login_answer()
    assert told["status"] is True
    data = told["data"]
    assert data["jwtToken"] == data["refreshToken"] == data["feedToken"]
    assert data["state"] == "live"


@card(2, "1.7")
async def test_card_02(bench: Bench) -> None:
    """The token of the password step lives 300 s and says TYPEB."""
    told = claims((await bench.login_answer())["data"]["jwtToken"])
    assert told["exp"] - told["iat"] == 300
    assert told["APITYPE"] == "TYPEB"


@card(3, "3.1")
async def test_card_03(bench: Bench) -> None:
    """Blank login fields: HTTP 400 with code 400."""
    body = {"clientcode": "", "password": "", "totp": "", "state": ""}
    status, told = await bench.call("POST", "connect/login", body, leave_out=("Authorization",))
    assert status == 400
    assert told["errorcode"] == "400"
    assert told["message"] == "Please provide valid clientcode and password."


@card(4, "3.1")
async def test_card_04(bench: Bench) -> None:
    """A wrong password counts down. A right one afterwards still works. Skip: real account (it locks)."""
    bench.only_paper("a wrong password")
    body = {"clientcode": bench.credentials.client_code.reveal(), "password": "wrong", "totp": "", "state": ""}
    _, told = await bench.call("POST", "connect/login", body, leave_out=("Authorization",))
    assert told["status"] is False
    assert told["errorcode"] == "MA500"
    assert "attempts remaining" in told["message"]
    assert (await bench.login_answer())["status"] is True


@card(5, "1.2")
async def test_card_05(bench: Bench) -> None:
    """Without X-Mirae-Version: VersionException."""
    _, told = await bench.call("GET", "user/fundsummary", leave_out=("X-Mirae-Version",))
    assert told["error_type"] == "VersionException"
    assert told["message"] == "Please provide valid api version."


@card(6, "3.3")
async def test_card_06(bench: Bench) -> None:
    """A wrong authenticator code: HTTP 400, status error, error_type MA400."""
    step = await bench.login_answer()
    body = {"refreshToken": step["data"]["refreshToken"], "totp": "000000"}
    status, told = await bench.call("POST", "session/verifytotp", body, leave_out=("Authorization",))
    assert (status, told["status"], told["error_type"]) == (400, "error", "MA400")


@card(7, "3.2")
async def test_card_07(bench: Bench) -> None:
    """The code step answers the client's name and id, the exchanges and the session token."""
    told = await bench.session_answer()
    assert told["status"] is True
    assert {"ClientName", "ClientId", "exchanges", "jwtToken", "refreshToken", "feedToken"} <= set(told["data"])
    assert "NFO" in told["data"]["exchanges"]


@card(8, "1.7")
async def test_card_08(bench: Bench) -> None:
    """The session token ends exactly at the next midnight in India."""
    ends = datetime.fromtimestamp(claims(bench.token.reveal())["exp"], bench.clock.now().tzinfo)
    assert ends == next_midnight(bench.clock.now())


@card(9, "1.4")
async def test_card_09(bench: Bench) -> None:
    """Without a bearer: IA401."""
    _, told = await bench.call("GET", "user/fundsummary", leave_out=("Authorization",))
    assert told["status"] is not True
    assert told["errorcode"] == "IA401"


@card(10, "16, quirk 7")
async def test_card_10(bench: Bench) -> None:
    """The token of the password step opens no book."""
    short = (await bench.login_answer())["data"]["jwtToken"]
    _, told = await bench.call("GET", "orders", headers={"Authorization": f"Bearer {short}"})
    assert told["errorcode"] == "IA401"


@card(11, "1.4")
async def test_card_11(bench: Bench) -> None:
    """A wrong API key: IA403 or APIKeyException. Skip: real account."""
    bench.only_paper("a wrong key")
    status, told = await bench.call("GET", "user/fundsummary", headers={"X-PrivateKey": "d3Jvbmc="})
    assert status in (400, 403)
    assert "IA403" in (told.get("errorcode"), told.get("error_type")) or told.get("error_type") == "APIKeyException"


@card(12, "1.4")
async def test_card_12(bench: Bench) -> None:
    """A route that is none: HTTP 404."""
    status, _ = await bench.call("GET", "no/such/route")
    assert status == 404


@card(13, "1.3")
async def test_card_13(bench: Bench) -> None:
    """Status is a JSON boolean in every book."""
    for each in ("user/fundsummary", "orders", "tradebook", "portfolio/positions", "portfolio/holdings"):
        _, told = await bench.call("GET", each)
        assert told["status"] is True, each


@card(14, "7.3")
async def test_card_14(bench: Bench) -> None:
    """Holdings: errorcode null, quantities and prices as numbers, the token as text. Skip: none held."""
    _, told = await bench.call("GET", "portfolio/holdings")
    assert told["errorcode"] is None
    if not told["data"]:
        pytest.skip("no holdings")
    row = told["data"][0]
    assert isinstance(row["symboltoken"], str)
    assert isinstance(row["quantity"], int)
    assert isinstance(row["averageprice"], int | float)


@card(15, "7.3")
async def test_card_15(bench: Bench) -> None:
    """The port's holdings are the wire's, with exact prices. Skip: none held."""
    holdings = await bench.broker.holdings()
    rows = await bench.data("GET", "portfolio/holdings") or []
    assert [each.instrument.token for each in holdings] == [row["symboltoken"] for row in rows]
    assert [each.total for each in holdings] == [row["quantity"] for row in rows]
    assert [each.average for each in holdings] == [Decimal(str(row["averageprice"])) for row in rows]


@card(16, "4")
async def test_card_16(bench: Bench) -> None:
    """Funds are a list of one. Figures are texts or null, and profit fields are never filled."""
    (row,) = await bench.data("GET", "user/fundsummary")
    assert all(value is None or isinstance(value, str) for value in row.values())
    assert row["MTM_COMBINED"] is None
    assert row["REALISED_PROFITS"] is None
    assert {"AVAILABLE_BALANCE", "AMOUNT_UTILIZED", "LIMIT_SOD", "OPT_BUY_PRIMIUM_UTILIZE"} <= set(row)


@card(17, "4")
async def test_card_17(bench: Bench) -> None:
    """What is available is the start of day less what is used less the loss that hides."""
    told = await bench.broker.funds()
    assert None not in (told.available, told.start_of_day, told.used)
    assert told.available == (told.start_of_day or 0) - (told.used or 0) - (told.realised_loss or 0)


@card(18, "4")
async def test_card_18(bench: Bench) -> None:
    """CLEAR_BALANCE and the margin-trading balance equal what is available."""
    (row,) = await bench.data("GET", "user/fundsummary")
    assert row["CLEAR_BALANCE"] == row["AVAILABLE_BALANCE"] == row["MTF_AVAILABLE_BALANCE"]


@card(19, "10")
async def test_card_19(bench: Bench) -> None:
    """The scrip master is a bare list of objects of nine texts."""
    status, told = await bench.call("GET", "instruments/OpenAPIScripMaster")
    assert status == 200
    assert isinstance(told, list)
    names = {"token", "symbol", "name", "expiry", "strike", "lotsize", "instrumenttype", "exch_seg", "tick_size"}
    for row in told[:: max(1, len(told) // 500)]:
        assert set(row) == names
        assert all(isinstance(value, str) for value in row.values())


@card(20, "10")
async def test_card_20(bench: Bench) -> None:
    """`symbol` is the underlying and `name` what an order carries."""
    share = next(each for each in await bench.master() if each.exchange is Exchange.NSE and each.name == "RELIANCE-EQ")
    assert (share.symbol, share.series, share.lot) == ("RELIANCE", "EQ", 1)


@card(21, "10")
async def test_card_21(bench: Bench) -> None:
    """NSE's indices are not rows of the master."""
    _, told = await bench.call("GET", "instruments/OpenAPIScripMaster")
    assert not any(row["token"] in ("26000", "26009") and row["exch_seg"] == "NSE" for row in told)


@card(22, "10")
async def test_card_22(bench: Bench) -> None:
    """No key is there twice, and every contract has an expiry, a lot and a tick."""
    master = await bench.master()
    assert len({each.key for each in master}) == len(master)
    for each in master:
        if each.is_derivative:
            assert each.expiry is not None, each
            assert each.lot >= 1
        assert each.tick > 0


@card(23, "10")
async def test_card_23(bench: Bench) -> None:
    """Strikes are in rupees: NIFTY's lie around its price."""
    option = await bench.option()
    assert option.strike is not None
    assert Decimal(5_000) < option.strike < Decimal(100_000)


@card(24, "10")
async def test_card_24(bench: Bench) -> None:
    """Contracts that have expired are gone. The nearest ends within a month."""
    today = (bench.clock.now() + timedelta(hours=5, minutes=30)).date()
    expiries = {each.expiry for each in await bench.master() if each.symbol == "NIFTY" and each.expiry is not None}
    assert min(expiries) >= today
    assert min(expiries) <= today + timedelta(days=31)


@card(25, "10.1")
async def test_card_25(bench: Bench) -> None:
    """The configured index tokens have a price: NIFTY, BANKNIFTY, FINNIFTY, MIDCPNIFTY."""
    wanted = [
        each
        for each in await bench.master()
        if each.kind is InstrumentKind.INDEX and each.token in ("26000", "26009", "26037", "26074")
    ]
    quotes = await bench.broker.quotes([each.key for each in wanted])
    assert {key.token for key in quotes} == {"26000", "26009", "26037", "26074"}


@card(26, "10.1")
async def test_card_26(bench: Bench) -> None:
    """INDIA VIX and SENSEX have a price under the tokens that only one source names."""
    wanted = [each for each in await bench.master() if each.kind is InstrumentKind.INDEX and each.token in ("26017", "51")]
    quotes = await bench.broker.quotes([each.key for each in wanted])
    assert {key.token for key in quotes} == {"26017", "51"}


@card(27, "1.9")
async def test_card_27(bench: Bench) -> None:
    """The broker's clock and ours agree within ten seconds. Skip: a paper broker whose web server has its own clock."""
    await bench.broker.funds()
    skew = await bench.broker.clock_skew()
    assert skew is not None
    if not bench.live and abs(skew) > 3600:
        pytest.skip("the server's clock is not the market's")
    assert abs(skew) <= 10


@card(28, "3.4")
async def test_card_28(bench: Bench) -> None:
    """Logout answers Success with null twice, and the token is dead afterwards. Skip: real account."""
    token = (await bench.session_answer())["data"]["jwtToken"]
    headers = {"Authorization": f"Bearer {token}"}
    _, told = await bench.call("GET", "logout", headers=headers)
    assert told == {"status": True, "message": "Success", "errorcode": None, "data": None}
    _, told = await bench.call("GET", "orders", headers=headers)
    assert told["errorcode"] == "IA401"


@card(29, "3.5")
async def test_card_29(bench: Bench) -> None:
    """A second login leaves the first token usable for REST. Skip: real account."""
    await bench.session_answer()
    assert await bench.data("GET", "user/fundsummary")
