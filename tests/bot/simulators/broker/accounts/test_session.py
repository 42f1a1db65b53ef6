"""Login in two steps, by code or by SMS, and when tokens die."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace
from datetime import timedelta

import pyotp

from bot.simulators.loop import LoopClock
from tests.bot.simulators.broker.wire import ACCOUNT, SEED, STILL, Wire, broker


def claims(token: str) -> dict[str, object]:
    body = token.split(".")[1]
    found: dict[str, object] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found


async def test_step_one_answers_one_short_token_three_times_and_it_opens_nothing(clock: LoopClock) -> None:
    async with broker(clock) as wire:
        data = await wire.data("POST", "connect/login", {"clientcode": ACCOUNT.client, "password": ACCOUNT.password})
        assert data["jwtToken"] == data["refreshToken"] == data["feedToken"]
        assert data["state"] == "live"
        found = claims(data["jwtToken"])
        assert set(found) == {"USERNAME", "APITYPE", "nbf", "exp", "iat"}
        assert int(str(found["exp"])) - int(str(found["iat"])) == 300
        wire.token = data["jwtToken"]
        status, text = await wire.raw("GET", "user/fundsummary")
        assert (status, json.loads(text)["errorcode"]) == (401, "IA401")


async def test_session_ends_exactly_at_the_next_midnight_ist(wire: Wire) -> None:
    exp = int(str(claims(wire.token)["exp"]))
    assert exp % 86400 == 86400 - 19800  # 18:30 UTC
    assert len(wire.token) > 1000
    await asyncio.sleep(exp - wire.clock.now().timestamp() - 1)
    assert (await wire.raw("GET", "orders"))[0] == 200
    await asyncio.sleep(1.5)
    assert (await wire.raw("GET", "orders"))[0] == 401


async def test_wrong_passwords_count_down_to_a_lock_that_the_right_one_does_not_open(clock: LoopClock) -> None:
    async with broker(clock) as wire:
        body = {"clientcode": ACCOUNT.client, "password": "wrong"}
        for left in range(9, -1, -1):
            answer = await wire.call("POST", "connect/login", body)
            assert answer["message"] == f"Invalid username or password. {left} attempts remaining "
            assert (answer["status"], answer["errorcode"]) == (False, "MA500")
        answer = await wire.call("POST", "connect/login", body | {"password": ACCOUNT.password})
        assert "locked" in answer["message"]
        await wire.desk("POST", f"/accounts/{ACCOUNT.client}", {"unlock": True})
        await wire.login()


async def test_wrong_totp_is_http_400_in_its_own_shape(clock: LoopClock) -> None:
    async with broker(clock) as wire:
        first = await wire.data("POST", "connect/login", {"clientcode": ACCOUNT.client, "password": ACCOUNT.password})
        status, text = await wire.raw("POST", "session/verifytotp", {"refreshToken": first["jwtToken"], "totp": "०००"})
        assert status == 400
        assert json.loads(text) == {
            "status": "error",
            "message": "Please enter correct TOTP",
            "error_type": "MA400",
            "data": None,
        }


async def test_step_token_dies_after_five_minutes(clock: LoopClock) -> None:
    async with broker(clock) as wire:
        first = await wire.data("POST", "connect/login", {"clientcode": ACCOUNT.client, "password": ACCOUNT.password})
        await asyncio.sleep(301)
        answer = await wire.call(
            "POST", "session/verifytotp", {"refreshToken": first["jwtToken"], "totp": pyotp.TOTP(SEED).at(clock.now())}
        )
        assert answer["message"].startswith("Entered OTP has been expired")


async def test_account_without_totp_gets_its_code_at_the_desk_and_only_the_sms_step_takes_it(clock: LoopClock) -> None:
    settings = replace(STILL, accounts=(replace(ACCOUNT, totp_seed=None),))
    async with broker(clock, settings) as wire:
        first = await wire.data("POST", "connect/login", {"clientcode": ACCOUNT.client, "password": ACCOUNT.password})
        code = (await wire.desk("GET", "/state"))["accounts"][0]["sms_code"]
        handle = first["refreshToken"]
        assert (await wire.raw("POST", "session/verifytotp", {"refreshToken": handle, "totp": code}))[0] == 400
        data = await wire.data("POST", "session/token", {"refreshToken": handle, "otp": code})
        assert (data["ClientId"], data["exchanges"][:2]) == (ACCOUNT.client, ["BEQ", "BFO"])


async def test_totp_account_cannot_use_the_sms_step(clock: LoopClock) -> None:
    async with broker(clock) as wire:
        first = await wire.data("POST", "connect/login", {"clientcode": ACCOUNT.client, "password": ACCOUNT.password})
        answer = await wire.call("POST", "session/token", {"refreshToken": first["refreshToken"], "otp": "123"})
        assert answer["status"] is False


async def test_after_logout_the_token_is_dead(wire: Wire) -> None:
    answer = await wire.call("GET", "logout")
    assert answer == {"status": True, "message": "Success", "errorcode": None, "data": None}
    assert (await wire.raw("GET", "orders"))[0] == 401


async def test_wrong_key_version_or_scheme_are_told_apart(wire: Wire) -> None:
    for header, status, name, code in [
        ({"X-PrivateKey": "wrong"}, 403, "errorcode", "IA403"),
        ({"X-Mirae-Version": "2"}, 400, "error_type", "VersionException"),
        ({"Authorization": "token a:b"}, 401, "errorcode", "IA401"),
    ]:
        found, text = await wire.raw("GET", "orders", None, **header)
        assert (found, json.loads(text)[name]) == (status, code)


async def test_expired_api_key_is_refused_at_the_second_step(clock: LoopClock) -> None:
    gone = replace(ACCOUNT, key_expires=(clock.now() - timedelta(days=1)).isoformat())
    async with broker(clock, replace(STILL, accounts=(gone,))) as wire:
        first = await wire.data("POST", "connect/login", {"clientcode": gone.client, "password": gone.password})
        status, text = await wire.raw(
            "POST", "session/verifytotp", {"refreshToken": first["jwtToken"], "totp": pyotp.TOTP(SEED).at(clock.now())}
        )
        assert (status, "suspended/expired" in text) == (403, True)


async def test_order_from_an_address_not_on_the_list_is_refused_while_reads_pass(clock: LoopClock) -> None:
    listed = replace(ACCOUNT, allowed_ips=("203.0.113.9",))
    async with broker(clock, replace(STILL, accounts=(listed,))) as wire:
        await wire.login()
        status, text = await wire.raw("POST", "orders/regular", wire.order())
        assert (status, "Primary and Secondary IP" in text) == (403, True)
        assert await wire.data("GET", "orders") is None
