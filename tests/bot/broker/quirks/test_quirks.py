"""The quirks of its answers and of its sessions, 1 to 13 and 33 to 35 of mstock-type-b.md section 16, each met by its number."""

import asyncio
import base64
import gzip
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.broker.feed.samples import Samples
from bot.broker.routes import ROUTES
from bot.broker.session import token_dies
from bot.broker.wire import research_rows, translate
from bot.broker.wire.answers import envelope
from bot.domain.clock import next_midnight
from bot.domain.errors import AddressRefused, LoginRefused, NotSent, Refused, SessionExpired, Unclear, Unreadable
from bot.domain.orders.research import Interval
from bot.domain.people.account import CodeKind, Credentials
from bot.domain.people.secret import Secret
from bot.simulators.loop import LoopClock
from tests.bot.broker.quirks.rows import (
    ACC,
    DRAFT,
    FUNDS,
    ID,
    NOW,
    TRADE,
    Wire,
    a_client,
    act,
    bad,
    body,
    good,
    read,
)


@pytest.mark.parametrize(
    ("status", "ok"),
    [
        (True, True),
        ("true", True),
        ("True", True),
        ("success", True),
        ("Success", True),
        ("TRUE", True),
        ("ok", True),
        (False, False),
        ("false", False),
        ("False", False),
        ("error", False),
        (400, False),
        (None, False),
    ],
)
def test_quirk_01_status_in_every_spelling(status: object, ok: bool) -> None:
    told = envelope(body(good({"orderid": ID}, status)))
    assert told is not None
    assert told.ok is ok


@pytest.mark.parametrize("told", [[good({"orderid": ID})], good({"orderid": ID}), [good({"order_id": ID}, "success")]])
def test_quirk_02_a_place_answer_with_and_without_its_list(told: object) -> None:
    opened = envelope(body(told))
    assert opened is not None
    assert translate.placed_id(opened.data) == ID
    failed = act([bad(f"RMS:{ID}:NSE OPTIDX 45264 FUND LIMIT INSUFFICIENT", "MA200")])
    assert isinstance(failed, Refused)
    assert failed.final


@pytest.mark.parametrize("code", ["", None, "None", "absent"])
def test_quirk_03_no_code_in_every_spelling_and_error_type_instead(code: object) -> None:
    told = {"status": True, "message": None, "data": None} | ({} if code == "absent" else {"errorcode": code})
    opened = envelope(body(told))
    assert opened is not None
    assert (opened.code, opened.words, opened.ok) == ("", "", True)
    typed = envelope(body(bad("x", "MA400", key="error_type")))
    assert typed is not None
    assert typed.code == "MA400"


async def test_quirk_04_empty_books_in_every_spelling(clock: LoopClock, tmp_path: Path) -> None:
    nothings: tuple[object, ...] = (None, "None", "", [])
    for nothing in nothings:
        client, _ = a_client(Wire(good(nothing)), clock, tmp_path)
        assert await client.orders() == []
        assert await client.positions() == []
        assert await client.past_trades(date(2026, 11, 1), date(2026, 11, 2)) == []
    for one in ([FUNDS], FUNDS):
        assert translate.funds(one, NOW).available == Decimal("32658.75")
    missing = act({"status": "False", "message": "something went wrong", "errorcode": "MA500"})
    assert isinstance(missing, Unclear)
    created = envelope(body({"status": True, "message": None, "errorcode": "", "data": "Basket Created Successfully"}))
    assert created is not None
    assert created.data == "Basket Created Successfully"


@pytest.mark.parametrize("page", [b"<html>502 Bad Gateway</html>", b"", b"  ", b"<!DOCTYPE html><script>perfdrive</script>"])
async def test_quirk_05_pages_and_empty_bodies(clock: LoopClock, tmp_path: Path, page: bytes) -> None:
    for http in (200, 502, 503):
        assert isinstance(read(page, http), Unreadable)
        assert isinstance(act(page, http), Unclear)
    wire = Wire(httpx.Response(502, content=page), good([FUNDS]))
    client, _ = a_client(wire, clock, tmp_path)
    assert (await client.funds()).available
    zipped = httpx.Response(200, content=gzip.compress(body(good([FUNDS]))), headers={"Content-Encoding": "gzip"})
    client, _ = a_client(Wire(zipped), clock, tmp_path)
    assert (await client.funds()).available


def test_quirk_06_one_code_for_try_again_and_for_log_in_again() -> None:
    assert isinstance(read(bad("status code = 502", "MAInternalServerError")), Unreadable)
    assert isinstance(read(bad("invalid session. Kindly logout and login again", "MAInternalServerError")), SessionExpired)


async def test_quirk_07_the_first_token_is_never_used_as_a_session(clock: LoopClock, tmp_path: Path) -> None:
    step = good({"jwtToken": "short", "refreshToken": "short", "feedToken": "short", "state": "live"})
    wire = Wire(step, good({"jwtToken": "long.jwt.token", "refreshToken": "r"}))
    client, keeper = a_client(wire, clock, tmp_path)
    keeper.adopt(None)
    credentials = Credentials(client_code=Secret("c"), password=Secret("p"), api_key=Secret("k"))
    begun = await client.begin_login(credentials)
    assert keeper.session is None
    session = await client.finish_login(credentials, begun, "123456", CodeKind.TOTP)
    assert session.token.reveal() == "long.jwt.token"
    assert not any("Authorization" in request.headers for request in wire.sent)
    assert isinstance(read(bad("Invalid request. Please try again.", "IA401"), 401), SessionExpired)


@pytest.mark.parametrize(
    "data",
    [
        {"jwtToken": "uuid", "refreshToken": ""},
        {"jwtToken": "uuid", "refreshToken": "None"},
        {"jwtToken": "x", "refreshToken": "uuid"},
    ],
)
async def test_quirk_08_the_handle_is_found_in_either_field(clock: LoopClock, tmp_path: Path, data: dict[str, str]) -> None:
    client, _ = a_client(Wire(good(data)), clock, tmp_path)
    step = await client.begin_login(Credentials(client_code=Secret("c"), password=Secret("p"), api_key=Secret("k")))
    assert step.handle.reveal() == "uuid"


@pytest.mark.parametrize(
    ("kind", "path", "field"), [(CodeKind.TOTP, "session/verifytotp", "totp"), (CodeKind.SMS, "session/token", "otp")]
)
async def test_quirk_09_each_code_has_its_own_route(
    clock: LoopClock, tmp_path: Path, kind: CodeKind, path: str, field: str
) -> None:
    wire = Wire(good({"jwtToken": "h"}), good({"jwtToken": "t"}))
    client, _ = a_client(wire, clock, tmp_path)
    credentials = Credentials(client_code=Secret("c"), password=Secret("p"), api_key=Secret("k"))
    await client.finish_login(credentials, await client.begin_login(credentials), "123", kind)
    assert wire.sent[1].url.path == f"/openapi/typeb/{path}"
    assert wire.bodies()[1] == {"refreshToken": "h", field: "123"}


def test_quirk_10_a_token_dies_at_midnight_whatever_else_it_says() -> None:
    for moment in (NOW, NOW.replace(hour=18, minute=29), NOW.replace(hour=18, minute=31)):
        assert token_dies("opaque", moment) == next_midnight(moment)
        thirty_days = base64.urlsafe_b64encode(body({"exp": (moment + timedelta(days=30)).timestamp()})).decode()
        assert token_dies(f"head.{thirty_days}.tail", moment) == next_midnight(moment), "as the refresh token's claim has it"
    assert not any("refresh" in route.path.lower() for route in ROUTES), "there is no way to renew it but a login"


def test_quirk_11_key_and_address_are_told_apart_by_their_words() -> None:
    key = "API is suspended/expired for use. Please check your API subscription and try again."
    address = "Primary and Secondary IP Address are not matching with current IP address."
    for name, code in (("errorcode", "IA403"), ("error_type", "APIKeyException")):
        for judge in (act, read):
            wrong_key, wrong_address = judge(bad(key, code, key=name), 403), judge(bad(address, code, key=name), 400)
            assert isinstance(wrong_key, Refused)
            assert not isinstance(wrong_key, AddressRefused)
            assert isinstance(wrong_address, AddressRefused)


async def test_quirk_12_bodies_travel_by_post(clock: LoopClock, tmp_path: Path) -> None:
    wire = Wire(good({"fetched": []}))
    client, _ = a_client(wire, clock, tmp_path)
    await client.quotes([ACC.key])
    wire.told = [good({"candles": []})]
    await client.research.candles(ACC, Interval.DAY, NOW - timedelta(days=9), NOW)
    wire.told = [good([])]
    await client.order_steps(ID, derivative=True)
    await client.past_trades(date(2026, 11, 1), date(2026, 11, 2))
    assert {request.method for request in wire.sent} == {"POST"}


async def test_quirk_13_delete_carries_a_body(clock: LoopClock, tmp_path: Path) -> None:
    wire = Wire(good({"orderid": ID}))
    client, _ = a_client(wire, clock, tmp_path)
    await client.cancel(ID)
    assert [request.method for request in wire.sent] == ["DELETE"]
    assert wire.bodies() == [{"variety": "NORMAL", "orderid": ID}]


async def test_quirk_33_a_burst_of_pages_just_after_login_is_waited_out(clock: LoopClock, tmp_path: Path) -> None:
    page = httpx.Response(502, content=b"<html>Radware</html>")
    client, _ = a_client(Wire(page, page, good([FUNDS])), clock, tmp_path)
    began = clock.now()
    assert (await client.funds()).available
    assert clock.now() - began > timedelta(seconds=0.5)


async def test_quirk_34_a_password_failure_is_never_repeated(clock: LoopClock, tmp_path: Path) -> None:
    wire = Wire(bad("Invalid username or password. 9 attempts remaining ", "MA500"))
    client, _ = a_client(wire, clock, tmp_path)
    credentials = Credentials(client_code=Secret("c"), password=Secret("p"), api_key=Secret("k"))
    for _ in range(3):
        with pytest.raises(LoginRefused, match="9 attempts remaining"):
            await client.begin_login(credentials)
    assert len(wire.sent) == 1


async def test_quirk_35_pan_phone_mail_and_names_stay_out_of_errors_and_logs(
    clock: LoopClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="bot")
    for broken in ({**TRADE, "PRICE": "x"}, {**TRADE, "QUANTITY": None}, {**TRADE, "BUY_SELL": "?"}):
        with pytest.raises(Unreadable) as told:
            translate.trade_fact(broken)
        assert "ABCDE1234F" not in repr(told.value) + str(told.value.__cause__) + str(told.value.__context__)
    said = "Please enter OTP sent on XXXXXXX123 & XXXXAB@GMAIL.COM"
    client, _ = a_client(Wire({**good({"jwtToken": "h"}), "message": said}), clock, tmp_path)
    step = await client.begin_login(Credentials(client_code=Secret("MA00001"), password=Secret("p4ss"), api_key=Secret("k")))
    assert "123" not in repr(step)
    assert "GMAIL" not in repr(step)
    samples = Samples()
    samples.add(body({"orderData": TRADE}))
    logged = " ".join(record.getMessage() for record in caplog.records) + str(samples.looks)
    assert not any(secret in logged for secret in ("ABCDE1234F", "MA00001", "p4ss", "XXXXAB"))


def test_every_quirk_of_the_reference_has_its_test() -> None:
    written = "".join(file.read_text("utf-8") for file in Path(__file__).parent.glob("test_*.py"))
    numbers = sorted(int(number) for number in re.findall(r"^(?:async )?def test_quirk_(\d\d)_", written, re.MULTILINE))
    assert numbers == list(range(1, 36))


async def test_one_post_for_each_act_whatever_is_answered(clock: LoopClock, tmp_path: Path) -> None:
    for told in (b"", b"<html>", bad("x", "MA500"), [bad(f"RMS:{ID}:x", "MA200")], httpx.Response(503), good(None)):
        wire = Wire(told)
        client, keeper = a_client(wire, clock, tmp_path)
        for call in (client.place(DRAFT, "TAG"), client.modify(ID, DRAFT), client.cancel(ID), client.cancel_all()):
            await asyncio.gather(call, return_exceptions=True)
        assert len(wire.sent) == 4
        keeper.adopt(None)
        with pytest.raises(NotSent):
            await client.place(DRAFT, "TAG")
        assert len(wire.sent) == 4


@pytest.mark.parametrize("read", [research_rows.candles, research_rows.past_trades, research_rows.order_steps])
def test_an_answer_that_is_no_list_is_never_an_empty_list(read: Any) -> None:
    for told in ("text", 5, True, {"what": 1}):
        if read is research_rows.candles and told == {"what": 1}:
            continue  # no candles at all is an answer there
        with pytest.raises(Unreadable):
            read(told)
