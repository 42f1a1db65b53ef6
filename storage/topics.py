"""What a commit may bring, by what was written, and who is woken by it."""

from collections import defaultdict
from collections.abc import Callable
from enum import Enum

from storage.db.prepared import Write


class Topic(Enum):
    """What a commit may bring for those who wait for it, by what was written. They are woken in this order, news first."""

    NOTICES = frozenset({("insert", "outbox")})
    QUESTIONS = frozenset({("insert", "confirmations")})
    ANSWERS = frozenset({("insert", "answers")})  # a message asks what is over
    SENDING = frozenset({("insert", "orders")})
    ORDERS = frozenset({("update", "orders")})  # whatever changes an order makes its cards due
    PLANS = frozenset({("update", "plans"), ("update", "plan_legs"), ("update", "exit_lists")})  # begun, struck off, over
    RESULTS = frozenset({("insert", "fills"), ("insert", "limit_sets"), ("insert", "secrets")})  # what a day's loss hangs on


ANYTHING = frozenset[Write]().union(*(topic.value for topic in Topic))


class Listeners:
    """Those who wait for a topic, in the order in which they came."""

    def __init__(self) -> None:
        self._listeners: defaultdict[Topic, list[Callable[[], None]]] = defaultdict(list)

    def add(self, topic: Topic, listener: Callable[[], None]) -> None:
        """Calls the listener at each commit that wrote something of the topic."""
        self._listeners[topic].append(listener)

    def wake(self, writes: set[Write]) -> None:
        """Calls whoever waits for what was written, one topic after another."""
        for topic in Topic:
            if not writes.isdisjoint(topic.value):
                for listener in self._listeners[topic]:
                    listener()
