"""One order of a person's account, by its id or by its number of a day."""

from datetime import date

from bot.domain.errors import NotFound
from bot.domain.orders.order import Order
from bot.domain.people.account import Actor
from bot.domain.ports.repositories import Repositories


def own_order(db: Repositories, actor: Actor, order_id: str) -> Order:
    """The order, when it is one of the actor's account. NotFound otherwise."""
    order = db.orders.find(order_id)
    if order is None or actor.account is None or order.account_id != actor.account.id:
        raise NotFound("That order is not one of this account's.")
    return order


def order_by_number(db: Repositories, account_id: str, day: date, number: int) -> Order:
    """The order that has this number today, else the after-market order that has it on its own day. NotFound for neither."""
    order = db.orders.by_number(account_id, day, number)
    if order is None or order.status.is_final:
        order = next((each for each in ahead(db, account_id, day) if each.number == number), order)
    if order is None:
        raise NotFound(f"There is no order #{number} today. /orders lists them.")
    return order


def ahead(db: Repositories, account_id: str, day: date) -> list[Order]:
    """After-market orders that wait for a session behind that date in India."""
    return [order for order in db.orders.unsettled(account_id) if order.day > day]
