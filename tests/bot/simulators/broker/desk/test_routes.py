"""The control desk: everything it offers is done, and what it cannot do it says in words."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.simulators.broker.desk import routes as desk_module
from tests.bot.simulators.broker.wire import Wire


async def refused(wire: Wire, method: str, path: str, body: object = None) -> tuple[int, str]:
    async with wire.http.request(method, wire.running.desk_url + path, json=body) as answer:
        found: dict[str, Any] = await answer.json()
        return answer.status, str(found["error"])


async def test_state_shows_account_orders_faults_sockets_and_calls(wire: Wire) -> None:
    await wire.filled()
    await wire.desk("POST", "/faults", {"name": "fill_late", "seconds": 3, "times": None})
    state = await wire.desk("GET", "/state")
    (account,) = state["accounts"]
    assert account["positions"][0] == {
        "name": "RELIANCE-EQ", "product": "DELIVERY", "net": 10, "average": "1480.40", "last": "1480.30",
        "realised": "0.00", "unrealised": "-1.00",
    }  # fmt: skip
    assert [row["name"] for row in account["holdings"]] == ["ITC-EQ", "INFY-EQ", "M&M-EQ"]
    assert [order["status"] for order in state["orders"]] == ["Traded"]
    assert [(fault["name"], fault["left"], fault["seconds"]) for fault in state["faults"]] == [("fill_late", None, 3)]
    assert state["calls"]["place"] == 1
    assert (await wire.desk("DELETE", "/faults?name=fill_late"))["cleared"] == 1


async def test_the_table_of_faults_can_be_read_and_armed_by_name(wire: Wire) -> None:
    table = (await wire.desk("GET", "/faults"))["table"]
    assert {"answer_lost", "fill_in_parts", "socket_mute", "book_late"} <= {row["name"] for row in table}
    for row in table:
        await wire.desk("POST", "/faults", {"name": row["name"], **row["params"]})
    assert (await wire.desk("DELETE", "/faults"))["cleared"] == len(table)


async def test_the_exchanges_hand_fills_in_part_rejects_and_cancels(wire: Wire) -> None:
    order = await wire.place("NIFTY26NOV24500CE", "BUY", 195, price="50.00")
    await asyncio.sleep(0.1)
    path = f"/orders/{order}"
    assert (await wire.desk("POST", f"{path}/fill", {"quantity": 65, "price": "49.50"}))["filled"] == 65
    assert (await refused(wire, "POST", f"{path}/fill", {"quantity": 64}))[0] == 400
    row = await wire.row(order)
    assert (row["status"], row["filledshares"], row["averageprice"], row["unfilledshares"]) == ("Pending", "65", "49.5", "0")
    assert (await wire.desk("POST", f"{path}/modify", {"price": "55.00"}))["price"] == "55.00"
    assert (await wire.desk("POST", f"{path}/reject", {"reason": "circuit"}))["status"] == "Rejected"
    assert await refused(wire, "POST", f"{path}/cancel") == (400, "the order is Rejected")
    other = await wire.place(price="1470.00")
    assert (await wire.desk("POST", f"/orders/{other}/cancel"))["status"] == "Cancelled"
    assert (await wire.row(order))["text"].startswith("ORDER PRICE IS OUTSIDE circuit")


async def test_orders_from_the_app_follow_the_same_rules(wire: Wire) -> None:
    sold = await wire.desk("POST", "/orders", {"name": "ITC", "side": "sell", "quantity": 10, "kind": "LIMIT", "price": "420.00"})
    assert (sold["tag"], sold["channel"], sold["product"]) == ("NA", "WEB", "DELIVERY")
    short = await wire.desk("POST", "/orders", {"name": "RELIANCE", "side": "SELL", "quantity": 10})
    assert (short["status"], "AVAILABLE HOLDINGS" in short["text"]) == ("Rejected", True)


async def test_the_broker_squares_off_at_the_desks_wish_and_forgets_sessions(wire: Wire) -> None:
    await wire.filled(producttype="INTRADAY")
    (order,) = (await wire.desk("POST", "/squareoff", {}))["orders"]
    assert (order["side"], order["quantity"], order["tag"]) == ("SELL", 10, "NA")
    assert (await wire.desk("POST", "/sessions/end", {}))["ended"] == 1
    assert (await wire.raw("GET", "orders"))[0] == 401


async def test_accounts_are_opened_and_their_money_set(wire: Wire) -> None:
    made = await wire.desk(
        "POST", "/accounts",
        {"client": "MA00002", "cash": "1000.50", "holdings": [{"symbol": "SBIN", "quantity": 7, "average": "900"}]},
    )  # fmt: skip
    assert (made["available"], made["holdings"][0]["name"]) == ("1000.50", "SBIN-EQ")
    assert (await wire.desk("POST", "/accounts/MA00002", {"cash": "2000"}))["sod"] == "2000.00"
    assert {a["client"] for a in (await wire.desk("GET", "/state"))["accounts"]} == {"MA00001", "MA00002"}


async def test_what_the_desk_cannot_do_it_says(wire: Wire) -> None:
    for method, path, body, status, says in [
        ("POST", "/faults", {"name": "nothing"}, 400, "answer_lost"),
        ("POST", "/faults", {"name": "fill_late", "minutes": 1}, 400, "seconds"),
        ("POST", "/prices", {"name": "NOBODY", "price": "1"}, 404, "NOBODY"),
        ("POST", "/prices", {"name": "RELIANCE"}, 400, "price, move or tick"),
        ("POST", "/prices", {"name": "RELIANCE", "price": "x"}, 400, "price"),
        ("POST", "/orders", {"name": "RELIANCE", "side": "HOLD", "quantity": 1}, 400, "side"),
        ("POST", "/orders/1/fill", {}, 404, "no such order"),
        ("POST", "/accounts", {}, 400, "client code"),
        ("GET", "/truth?since=x", None, 400, "not understood"),
    ]:
        found = await refused(wire, method, path, body)
        assert (found[0], says in found[1]) == (status, True), (path, body, found)
    async with wire.http.post(wire.running.desk_url + "/faults", data=b"[1]") as answer:
        assert answer.status == 400


@pytest.mark.parametrize("secret", ["password", "totp_seed", "api_key"])
async def test_neither_state_nor_truth_shows_a_secret(wire: Wire, secret: str) -> None:
    value = str(getattr(wire.account, secret))
    for path in ("/state", "/truth"):
        assert value not in str(await wire.desk("GET", path))


def test_the_docstring_lists_every_route(wire: Wire) -> None:
    words = desk_module.__doc__ or ""
    parts = desk_module.ControlPanel(wire.running.broker, wire.running.stream, wire.running.counter)
    for route in parts.routes(""):
        last = route.path.split("/")[-1]
        assert last in words, route.path
        assert f"{route.method} `/{route.path.split('/')[1]}" in words, route
