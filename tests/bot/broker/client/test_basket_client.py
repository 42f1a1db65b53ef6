"""The margin by a saved basket: made, reckoned order by order, and deleted, whatever the broker answers in between."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

import pytest

from bot.broker import routes
from bot.broker.authorised import AuthorisedCalls
from bot.broker.basket_client import BasketClient
from bot.domain.errors import NotSent, Refused, Unreadable
from bot.domain.orders.order import OrderDraft
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.values.orders import NIFTY_CALL, RELIANCE


@dataclass
class Calls:
    """Answers by route. An answer that is an exception is raised."""

    answers: dict[str, Any] = field(default_factory=dict)
    made: list[tuple[str, Mapping[str, Any] | None]] = field(default_factory=list)
    name: str = ""

    async def read(self, route: routes.Route, body: Mapping[str, Any] | None = None, **_: str) -> Any:
        self.made.append((route.path, body))
        if route is routes.CREATE_BASKET and body is not None:
            self.name = body["BaskName"]
        answer = self.answers.get(route.path, "done")
        if isinstance(answer, Exception):
            raise answer
        if route is routes.BASKETS:
            return [
                {"BASKET_ID": 7, "BASKET_NAME": "another"},
                *([{"BASKET_ID": 101, "BASKET_NAME": self.name}] if answer else []),
            ]
        return answer


SPREAD = [
    OrderDraft(
        instrument=NIFTY_CALL, side=Side.SELL, quantity=NIFTY_CALL.lot, kind=OrderKind.LIMIT, product=Product.NRML,
        price=Decimal("98.00"),
    ),
    OrderDraft(instrument=RELIANCE, side=Side.BUY, quantity=10, kind=OrderKind.MARKET, product=Product.CNC),
]  # fmt: skip
TOTALS = {"TOTAL_FINAL_MARGIN": Decimal("42310.5"), "TOTAL_REQ_MARGIN": 90000, "BASKET_DETAILS": []}


def client(calls: Calls, clock: LoopClock) -> BasketClient:
    return BasketClient(cast("AuthorisedCalls", calls), clock)


async def test_each_order_is_put_into_a_basket_of_its_own_name_which_is_deleted(clock: LoopClock) -> None:
    calls = Calls({"CalculateBasket": TOTALS})
    margin = await client(calls, clock).margin(SPREAD)
    assert margin.required == Decimal("42310.5")
    assert [path for path, _ in calls.made] == ["CreateBasket", "FetchBasket", *["CalculateBasket"] * 2, "DeleteBasket"]
    first, second = (body for path, body in calls.made if path == "CalculateBasket" and body is not None)
    assert (first["basket_id"], first["segment"], first["ord_product"], first["buy_sell_indi"], first["ord_type"]) == (
        "101", "D", "M", "S", "LMT",
    )  # fmt: skip
    assert (second["segment"], second["ord_product"], second["ord_type"], second["basket_priority"]) == ("E", "C", "MKT", "2")
    assert calls.made[-1][1] == {"BasketId": "101"}


@pytest.mark.parametrize("failure", [Refused("no", code="MA408", words="no"), NotSent("away")])
async def test_a_basket_that_could_not_be_reckoned_is_deleted_too(clock: LoopClock, failure: Exception) -> None:
    calls = Calls({"CalculateBasket": failure})
    with pytest.raises(type(failure)):
        await client(calls, clock).margin(SPREAD)
    assert calls.made[-1][0] == "DeleteBasket"


async def test_a_deletion_that_fails_takes_nothing_from_the_answer(clock: LoopClock) -> None:
    calls = Calls({"CalculateBasket": TOTALS, "DeleteBasket": NotSent("away")})
    assert (await client(calls, clock).margin(SPREAD)).required == Decimal("42310.5")


async def test_a_basket_that_is_made_and_not_listed_is_an_answer_that_cannot_be_read(clock: LoopClock) -> None:
    calls = Calls({"FetchBasket": ""})
    with pytest.raises(Unreadable):
        await client(calls, clock).margin(SPREAD)
    assert [path for path, _ in calls.made] == ["CreateBasket", "FetchBasket"]
