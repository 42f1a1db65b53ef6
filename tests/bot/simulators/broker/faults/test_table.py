"""Every misbehaviour with calls, answers, orders and books is done as it says, and only as often as it was armed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.simulators.broker.exchange.reasons import REASONS
from bot.simulators.broker.faults.table import FAULTS
from tests.bot.simulators.broker.wire import Wire, heard


async def attempt(wire: Wire, body: object = None) -> tuple[int, str] | None:
    """Status and text of a place call. None when the line was cut."""
    url = wire.running.rest_url + "/openapi/typeb/orders/regular"
    try:
        async with wire.http.post(url, json=body or wire.order(), headers=wire.headers, allow_redirects=False) as answer:
            return answer.status, await answer.text()
    except aiohttp.ClientError:
        return None


async def booked(wire: Wire) -> int:
    return len(await wire.data("GET", "orders") or [])


def arm(wire: Wire, name: str, **options: Any) -> None:
    wire.running.broker.faults.arm(name, **options)


async def test_lost_answer_leaves_one_order_behind_and_strikes_once(wire: Wire) -> None:
    arm(wire, "answer_lost")
    assert await attempt(wire) is None
    assert await booked(wire) == 1
    assert await attempt(wire) is not None
    truth = (await wire.desk("GET", "/truth"))["lines"]
    assert [line["name"] for line in truth if line["what"] == "fault"] == ["answer_lost"]
    assert sum(line["what"] == "asked" for line in truth) == 2


async def test_error_although_done_places_and_answers_what_was_armed(wire: Wire) -> None:
    shapes = {"json": "{", "html": "<html", "empty": "", "truncated": "{", "wrong_type": '"OK"'}
    cases = [(status, body) for status in (200, 400, 401, 403, 408, 429, 500, 502, 503, 504) for body in shapes]
    for number, (status, body) in enumerate(cases, start=1):
        arm(wire, "error_although_done", status=status, body=body)
        answer = await attempt(wire, body=wire.order(quantity=1))
        assert answer is not None
        assert answer[0] == status
        assert answer[1].startswith(shapes[body])
        if body in ("html", "empty", "truncated"):
            with pytest.raises(ValueError, match=r"."):
                json.loads(answer[1])
        assert await booked(wire) == number, (status, body)


async def test_a_call_spoiled_before_its_effect_places_nothing(wire: Wire) -> None:
    expected = {
        "connection_dropped": None, "error_instead": (502, "<html"), "rate_limited": (429, "IA429"),
        "html_page": (200, "perfdrive"), "gateway_502": (200, "status code = 502"),
        "session_invalid": (200, "invalid session. Kindly logout and login again"), "internal_error": (500, "IA500"),
        "token_expired": (401, "IA401"), "key_expired": (403, "suspended/expired"),
        "ip_mismatch": (403, "Primary and Secondary IP"), "ip_mismatch_everywhere": (403, "Primary and Secondary IP"),
        "version_refused": (400, "VersionException"), "problem_body": (400, "rfc9110"), "redirected": (302, ""),
    }  # fmt: skip
    apart = {"request_late", "intraday_flaky", "answer_huge"}
    assert set(expected) == {f.name for f in FAULTS.values() if f.stage == "before"} - apart
    for name, wanted in expected.items():
        arm(wire, name)
        answer = await attempt(wire)
        if wanted is None:
            assert answer is None
        else:
            assert answer is not None
            assert (answer[0], wanted[1] in answer[1]) == (wanted[0], True), (name, answer)
        assert await booked(wire) == 0, name
    assert (await attempt(wire) or (0, ""))[0] == 200
    arm(wire, "intraday_flaky")
    intraday = {"exchange": "1", "symboltoken": "2885", "interval": "FIVE_MINUTE"}
    assert [(await wire.raw("POST", "instruments/intraday", intraday))[0] for _ in range(2)] == [500, 200]


async def test_address_mismatch_strikes_orders_only_unless_everywhere(wire: Wire) -> None:
    arm(wire, "ip_mismatch", times=None)
    assert (await wire.raw("GET", "orders"))[0] == 200
    assert (await wire.raw("POST", "orders/regular", wire.order()))[0] == 403
    wire.running.broker.faults.clear()
    arm(wire, "ip_mismatch_everywhere", typed=True)
    status, text = await wire.raw("GET", "orders")
    assert (status, json.loads(text)["error_type"]) == (403, "APIKeyException")


async def test_every_act_may_be_done_without_an_answer_answered_wrongly_or_lost_on_its_way(wire: Wire) -> None:
    async def modified() -> tuple[str, str, object]:
        order = await wire.place(price="1470.00", quantity=1)
        return "PUT", f"orders/regular/{order}", wire.order(price="1471.00", quantity=1)

    async def cancelled() -> tuple[str, str, object]:
        return "DELETE", f"orders/regular/{await wire.place(price='1470.00', quantity=1)}", {"variety": "NORMAL"}

    async def all_cancelled() -> tuple[str, str, object]:
        await wire.place(price="1470.00", quantity=1)
        return "POST", "orders/cancelall", None

    async def converted() -> tuple[str, str, object]:
        await wire.filled(producttype="INTRADAY", quantity=1)
        body = {"exchange": "NSE", "symboltoken": "2885", "oldproducttype": "INTRADAY", "newproducttype": "DELIVERY",
                "transactiontype": "BUY", "quantity": 1, "type": "DAY"}  # fmt: skip
        return "POST", "portfolio/convertposition", body

    async def books() -> object:
        rows = await wire.data("GET", "orders")
        seen = [(row["orderid"], row["status"] in ("Cancelled", "Traded"), row["price"]) for row in rows]
        return seen, [(row["producttype"], row["netqty"]) for row in await wire.data("GET", "portfolio/positions") or []]

    for prepare, route in ((modified, "modify"), (cancelled, "cancel"), (all_cancelled, "cancelall"), (converted, "convert")):
        for name, options, works in [
            ("answer_lost", {}, True), ("error_although_done", {"status": 504, "body": "empty"}, True),
            ("answer_truncated", {}, True), ("connection_dropped", {}, False), ("rate_limited", {}, False),
            ("token_expired", {}, False),
        ]:  # fmt: skip
            asked = await prepare()
            await asyncio.sleep(0.1)
            before = await books()
            arm(wire, name, route=route, **options)
            with contextlib.suppress(aiohttp.ClientError):
                status, text = await wire.raw(*asked)
                assert (status, text[:1]) != (200, "{") or not text.endswith("}"), (route, name)
            assert (await books() != before) == works, (route, name)
            await wire.raw("POST", "orders/cancelall")


@pytest.mark.parametrize("reason", REASONS)
async def test_every_known_text_rejects_at_once_with_a_row_or_later_from_the_exchange(wire: Wire, reason: str) -> None:
    arm(wire, "order_rejected", reason=reason)
    message = await wire.rejected()
    assert message.endswith(REASONS[reason].replace(",", " "))
    arm(wire, "rejected_later", reason=reason)
    later = await wire.filled()
    rows = await wire.data("GET", "orders")
    assert [(row["status"], row["filledshares"], row["text"].endswith(REASONS[reason])) for row in rows] == [
        ("Rejected", "0", True),
        ("Rejected", "0", True),
    ]
    assert (rows[0]["orderid"], len(later["exchangeorderid"]), rows[1]["exchangeorderid"]) == (later["orderid"], 16, "0")
    assert message.startswith(f"RMS:{rows[1]['orderid']}:")


async def test_token_expires_at_call_n(wire: Wire) -> None:
    arm(wire, "token_expired", skip=3)
    assert [(await wire.raw("GET", "orders"))[0] for _ in range(5)] == [200, 200, 200, 401, 200]


async def test_late_request_and_late_answer_differ_in_when_the_order_is_there(wire: Wire) -> None:
    for name, seen in (("answer_late", 1), ("request_late", 1)):
        arm(wire, name, seconds=10, route="place")
        task = asyncio.create_task(attempt(wire))
        await asyncio.sleep(5)
        assert await booked(wire) == (seen if name == "answer_late" else 1), name
        assert not task.done()
        assert (await task or (0, ""))[0] == 200
    assert await booked(wire) == 2


async def test_cut_and_empty_answers(wire: Wire) -> None:
    arm(wire, "answer_empty", route="place")
    assert await attempt(wire) == (200, "")
    arm(wire, "answer_truncated", route="place")
    text = (await attempt(wire) or (0, ""))[1]
    assert text.startswith('[{"status"')
    with pytest.raises(ValueError, match=r"."):
        json.loads(text)
    assert await booked(wire) == 2


async def test_strange_forms_of_a_true_answer(wire: Wire) -> None:
    async def place_with(name: str, **params: Any) -> Any:
        arm(wire, name, **params)
        return json.loads((await attempt(wire) or (0, ""))[1])

    assert [(await place_with("status_as", text=t))[0]["status"] for t in ("true", "True", "success")] == [
        "true",
        "True",
        "success",
    ]
    assert isinstance(await place_with("place_as_object"), dict)
    assert (await place_with("place_in_mock_form"))[0]["data"].keys() == {"order_id"}
    false = (await place_with("success_called_false"))[0]
    assert (false["status"], false["message"], bool(false["data"]["orderid"])) == (False, "SUCCESS", True)
    assert (await place_with("blank_in_id"))[0]["data"]["orderid"].startswith(" 1")
    assert await booked(wire) == 7
    arm(wire, "data_null", route="funds")
    assert (await wire.call("GET", "user/fundsummary"))["data"] is None
    arm(wire, "nulls_as_text", route="funds")
    assert (await wire.call("GET", "user/fundsummary"))["data"][0]["MTM_COMBINED"] == "None"
    order = await wire.place(price="1470.00")
    arm(wire, "changes_in_list")
    changed = await wire.call("PUT", f"orders/regular/{order}", wire.order(price="1471.00"))
    assert isinstance(changed, list)
    arm(wire, "cancel_answers_nothing")
    assert await wire.raw("DELETE", f"orders/regular/{order}", {"variety": "NORMAL"}) == (204, "")
    assert (await wire.row(order))["status"] == "Cancelled"


async def test_books_that_are_late_shrunken_shuffled_or_gone(wire: Wire) -> None:
    old = [await wire.place(quantity=n) for n in (1, 2, 3)]
    await asyncio.sleep(30)
    young = await wire.place(quantity=4)

    async def ids(name: str, **params: Any) -> list[str]:
        arm(wire, name, **params)
        return [row["orderid"] for row in await wire.data("GET", "orders") or []]

    assert await ids("book_late", seconds=20) == old[::-1]
    assert await ids("book_shrinks", rows=1) == [old[0]]
    assert await ids("book_empty") == []
    assert await ids("rows_dropped", percent=100) == []
    assert set(await ids("rows_dropped", percent=0)) == {*old, young}
    assert set(await ids("rows_shuffled")) == {*old, young}
    arm(wire, "tags_missing")
    assert all("ordertag" not in row for row in await wire.data("GET", "orders"))
    arm(wire, "changes_late", seconds=20)
    assert [row["status"] for row in await wire.data("GET", "orders")] == ["Transit", "Traded", "Traded", "Traded"]
    await asyncio.sleep(1)
    arm(wire, "trades_late", seconds=20)
    assert len(await wire.data("GET", "tradebook")) == 3
    assert len(await wire.data("GET", "tradebook")) == 4
    assert [row["orderid"] for row in await wire.data("GET", "orders")] == [young, *old[::-1]]


async def test_a_book_of_a_while_ago_shows_an_orders_old_terms_and_details_show_each_steps_own(wire: Wire) -> None:
    order = await wire.place(price="1470.00", quantity=5)
    await asyncio.sleep(30)
    await wire.data("PUT", f"orders/regular/{order}", wire.order(price="1471.00", quantity=6))
    await wire.data("DELETE", f"orders/regular/{order}", {"variety": "NORMAL"})
    steps = await wire.data("POST", "order/details", {"order_no": order, "segment": "E"})
    assert [(step["status"], step["price"], step["quantity"]) for step in steps] == [
        ("Transit", 1470, "5"), ("Pending", 1470, "5"), ("O-Modified", 1471, "6"), ("Cancelled", 1471, "6"),
    ]  # fmt: skip
    arm(wire, "changes_late", seconds=20)
    (row,) = await wire.data("GET", "orders")
    assert (row["status"], row["price"], row["quantity"], row["cancelsize"]) == ("Pending", "1470.00", "5", "0")
    (row,) = await wire.data("GET", "orders")
    assert (row["status"], row["price"], row["quantity"], row["cancelsize"]) == ("Cancelled", "1471.00", "6", "6")


async def test_orders_behave_as_armed(wire: Wire) -> None:
    arm(wire, "fill_never")
    never = await wire.place(quantity=1)
    arm(wire, "fill_late", seconds=10)
    late = await wire.place(quantity=1)
    arm(wire, "fill_in_parts", parts=3, seconds=2)
    parts = await wire.place("NIFTY26NOV24500CE", "BUY", 260)
    await asyncio.sleep(1)
    rows = {name: await wire.row(name) for name in (never, late, parts)}
    assert [rows[name]["filledshares"] for name in (never, late, parts)] == ["0", "0", "130"]
    await asyncio.sleep(4)
    assert ((await wire.row(parts))["filledshares"], (await wire.row(parts))["status"]) == ("260", "Traded")
    await asyncio.sleep(10)
    assert [(await wire.row(name))["status"] for name in (never, late)] == ["Pending", "Traded"]
    assert {int(t["QUANTITY"]) % 65 for t in await wire.data("GET", "tradebook") if t["INSTRUMENT_NAME"] == "OPTIDX"} == {0}


@pytest.mark.parametrize(
    ("name", "status"),
    [("part_then_cancelled", "Cancelled"), ("part_then_rejected", "Rejected"), ("part_then_expired", "Expired")],
)
async def test_a_part_may_fill_before_the_exchange_ends_the_rest(wire: Wire, name: str, status: str) -> None:
    arm(wire, name, parts=3, seconds=1)
    order = await wire.place(quantity=9)
    await asyncio.sleep(5)
    row = await wire.row(order)
    assert (row["status"], row["filledshares"]) == (status, "3")
    assert row["cancelsize"] == ("0" if status == "Rejected" else "6")


async def test_rejections_now_and_later_in_known_and_free_words(wire: Wire) -> None:
    arm(wire, "order_rejected", reason="ban")
    assert "BAN PERIOD" in await wire.rejected()
    arm(wire, "order_rejected", reason="NO SUCH LUCK")
    assert "NO SUCH LUCK" in await wire.rejected()
    arm(wire, "rejected_later", reason="price_protection")
    row = await wire.filled()
    assert (row["status"], "LPP" in row["text"]) == ("Rejected", True)


async def test_a_cancel_that_is_not_final_leaves_the_order_working(wire: Wire) -> None:
    order = await wire.place(price="1470.00")
    await asyncio.sleep(0.1)
    arm(wire, "cancel_not_final")
    await wire.data("DELETE", f"orders/regular/{order}", {"variety": "NORMAL"})
    assert (await wire.row(order))["status"] == "Pending"
    await wire.data("DELETE", f"orders/regular/{order}", {"variety": "NORMAL"})
    assert (await wire.row(order))["status"] == "Cancelled"


# docs/rules.md, as far as a broker can cause it; F4 to F8 are taps and crashes of the bot, F18 is the desk's own hand.
FAILURES = {
    1: {"answer_lost", "answer_late", "request_late"},
    2: {"connection_dropped"},
    3: {"error_although_done", "error_instead", "answer_truncated"},
    9: {"socket_mute", "socket_half_open", "order_frames_lost", "order_frames_late", "socket_cut_at_order"},
    10: {"frames_doubled", "frames_reordered"},
    11: {"token_expired", "single_session"},
    12: {"totp_single_use", "clock_skewed"},
    13: {"rate_limited", "limits_enforced"},
    14: {"error_instead", "html_page", "maintenance_hours"},
    15: {"part_then_cancelled", "part_then_rejected", "part_then_expired"},
    16: {"order_rejected", "rejected_later"},
    17: {"book_late", "changes_late", "book_shrinks", "rows_dropped", "rows_shuffled", "book_empty"},
}


def test_each_failure_that_a_broker_can_cause_has_its_faults_and_each_fault_says_which() -> None:
    said: dict[int, set[str]] = {}
    for fault in FAULTS.values():
        for number in re.findall(r"\bF(\d+)\b", fault.says):
            said.setdefault(int(number), set()).add(fault.name)
    assert {number: names for number, names in said.items() if number <= 18} == FAILURES


async def test_the_app_places_changes_cancels_and_fills_behind_the_bots_back(wire: Wire) -> None:
    """F18: everything that the owner can do in mStock's own app, in the book and on the socket."""
    mine = await wire.place(price="1470.00", quantity=10)
    other = await wire.place(price="1470.00", quantity=5)
    await asyncio.sleep(0.1)
    async with wire.socket() as socket:
        await asyncio.sleep(0.1)
        outside = (await wire.desk("POST", "/orders", {"name": "ITC", "side": "SELL", "quantity": 1}))["id"]
        await wire.desk("POST", f"/orders/{mine}/modify", {"price": "1465.00", "quantity": 8})
        await wire.desk("POST", f"/orders/{mine}/fill", {"quantity": 3})
        await wire.desk("POST", f"/orders/{other}/cancel")
        told = [json.loads(frame)["orderData"] for frame in await heard(socket, 1)]
    assert [(f["orderid"], f["status"]) for f in told if f["orderid"] != outside] == [
        (mine, "O-Modified"), (mine, "Pending"), (other, "Cancelled"),
    ]  # fmt: skip
    rows = {row["orderid"]: row for row in await wire.data("GET", "orders")}
    assert (rows[mine]["price"], rows[mine]["quantity"], rows[mine]["filledshares"]) == ("1465.00", "8", "3")
    assert (rows[other]["status"], rows[outside]["ordertag"], rows[mine]["ordertag"]) == ("Cancelled", "NA", "test")


async def test_a_square_off_that_rests_leaves_the_position_until_the_desk_fills_it(wire: Wire) -> None:
    await wire.place(producttype="INTRADAY", quantity=5)
    await asyncio.sleep(3)
    arm(wire, "square_off_rests")
    (made,) = (await wire.desk("POST", "/squareoff", {}))["orders"]
    await asyncio.sleep(30)
    rows = {row["orderid"]: row for row in await wire.data("GET", "orders")}
    assert (rows[made["id"]]["filledshares"], rows[made["id"]]["quantity"]) == ("0", "5")
    await wire.desk("POST", f"/orders/{made['id']}/fill", {})
    assert [row["netqty"] for row in await wire.data("GET", "portfolio/positions")] == ["0"]


def test_every_fault_of_the_table_is_made_to_happen_by_a_test() -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parents[1].rglob("test_*.py"))
    assert [name for name in FAULTS if f'"{name}"' not in written] == []
