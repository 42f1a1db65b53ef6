"""Builds that are broken on purpose, one for each promise that can be broken alone.

The checker has to catch every one.

A mutant is the product's own text with a few words changed as its module is imported, in a process of its own. A change whose
words are not found is an error, so that none goes stale unseen.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

from tests.campaign.focus import Focus


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """What is changed, where to look for it, and which kinds of findings show it."""

    name: str
    changes: Mapping[str, Sequence[tuple[str, str]]]  # module -> words, and what stands in their place
    shows: frozenset[str]
    focus: Focus


def _mutant(name: str, module: str, *words: tuple[str, str], shows: str, focus: Focus | None = None) -> Mutant:
    return Mutant(name=name, changes={module: words}, shows=frozenset(shows.split()), focus=focus or Focus())


NOTIFIER, OUTBOX, SENDING, RECONCILE = (
    "bot.delivery.notifier",
    "storage.repos.outbox",
    "bot.trading.orders.sending",
    "bot.trading.sync.reconcile",
)
RESTS = ("buys_with_a_limit_that_rests", "the_exchange_fills")
BUYS = ("buys_at_market", "buys_with_a_limit_that_fills")

ENDED = (  # the news of an end, up to how loud it is
    'or by a person here after some of it had filled."""\n\n    sound = Sound.RING\n'
    "    about = NewsKind.ENDS\n    grouped = True\n\n"
    "    order: Order\n    after: PositionAfter | None = None\n\n    @property\n    def loudness(self) -> Sound:\n"
)
A_FILL = "self.tell(after, self.filled(after, fill))"

HOLDS = ("buys_with_stop_and_target", "moves_the_stop_to_cost", "exits", "leaves_by_button")

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="an exit that does not count the stop",
        changes={  # the step, and the claim's own look behind it
            "bot.domain.exits.closing": (
                ("    free = row.unguarded\n    if can <= free:\n", "    free = left\n    if can <= free:\n"),
            ),
            "bot.trading.exits.live_exit": (
                ("if draft.quantity > closable(draft", "if draft.quantity > 10**9 + closable(draft"),
            ),
        },
        shows=frozenset({"oversold", "crossed_zero", "left_over"}),
        focus=Focus(acts=HOLDS, orders=(), weather=(), ends=0.0),
    ),
    _mutant(
        "a short sent before its cover's fill is read",
        "bot.domain.exits.exit_list",
        ("        if self.go_on or not row.after:\n", "        if self.go_on or row.after:\n"),
        shows="uncovered",
        focus=Focus(acts=("sells_covered",), orders=("fill_in_parts", "fill_late"), weather=(), ends=0.0),
    ),
    Mutant(
        name="a P&L exit that strikes again",
        changes={  # the row, and the running watch that lets go of it
            "storage.repos.plans.pnl_exits": ((".values(state=PnlState.STRUCK, blocks", ".values(state=PnlState.ALIVE, blocks"),),
            "bot.trading.pnl_exits.pnl_watch": (
                ("            self._let_go(exit_.id)\n        except (BrokerError", "        except (BrokerError"),
            ),
        },
        shows=frozenset({"rung_again"}),
        focus=Focus(acts=("exits_at_a_result_of_one_scope", "buys_at_market"), orders=(), weather=()),
    ),
    _mutant(
        "mark before send",
        NOTIFIER,
        (
            "        try:\n            message_id = await self._messenger.deliver(delivery)\n",
            (
                "        at = self._clock.now()\n"
                "        await self._store.transaction(lambda db: [db.outbox.sent(each, at, None) for each in delivery.ids])\n"
                "        try:\n            message_id = await self._messenger.deliver(delivery)\n"
            ),
        ),
        shows="lost silent_ends",
        focus=Focus(acts=BUYS, weather=("server_error", "telegram_down", "dropped")),
    ),
    _mutant(
        "no reconcile at start",
        "bot.app",
        ("        await self.core.reconcile.settle_start()\n", ""),
        ("            await self.core.settle.after_absence(account_id, since)\n", "            pass\n"),
        shows="unannounced_gaps",
        focus=Focus(acts=("buys_with_a_limit_that_rests",), weather=(), orders=(), ends=0.5),
    ),
    _mutant(
        "offset raised before commit",
        "handlers.poller",
        (
            "            fresh = await self._inbox.add(entries) if entries else ()\n",
            (
                "            fresh = entries\n"
                "            keep = lambda: asyncio.ensure_future(self._inbox.add(entries))\n"
                "            asyncio.get_running_loop().call_later(20.0, keep)\n"
            ),
        ),
        shows="unanswered",
        focus=Focus(acts=BUYS, weather=("looks_slow",), fatal="QUESTIONS"),
    ),
    _mutant(
        "filter-only redaction",
        "bot.runtime.logs",
        ("        trace = self._redactor.redact(_trace(record))\n", "        trace = _trace(record)\n"),
        shows="secrets_out",
    ),
    _mutant(
        "tap-time expiry",
        "bot.trading.orders.confirmations",
        ("        return question.created_at + max(by_clock, by_loop)\n", "        return question.created_at\n"),
        shows="unconfirmed",
        focus=Focus(acts=("taps_while_the_bot_is_away", "taps_too_late"), weather=()),
    ),
    _mutant(
        "resend on time-out",
        SENDING,
        (
            (
                '            broker_id = await broker.place(order.draft, order.tag or "", '
                "urgent=urgent, leaving=None if left else leaving)\n"
            ),
            (
                "            try:\n"
                '                broker_id = await broker.place(order.draft, order.tag or "", urgent=urgent)\n'
                "            except Unclear:\n"
                '                broker_id = await broker.place(order.draft, order.tag or "", urgent=urgent)\n'
            ),
        ),
        shows="duplicate_orders",
        focus=Focus(acts=BUYS, orders=("answer_lost", "answer_late", "error_although_done"), weather=()),
    ),
    _mutant(
        "one worker for all chats",
        NOTIFIER,
        (
            "            message_id = await self._messenger.deliver(delivery)\n",
            "            async with self._one:\n                message_id = await self._messenger.deliver(delivery)\n",
        ),
        ("        self._together = together\n", "        self._together = together\n        self._one = asyncio.Lock()\n"),
        shows="delayed",
        focus=Focus(acts=BUYS, weather=("hanging",)),
    ),
    _mutant(
        "an end that does not ring",
        "bot.domain.news.orders.orders",
        (
            f"{ENDED}        return _loud(self.order)\n",
            f"{ENDED}        return Sound.SILENT\n",
        ),
        shows="silent_ends",
        focus=Focus(acts=("buys_with_a_limit_that_rests", "the_exchange_ends"), weather=()),
    ),
    _mutant(
        "a swallowed not-found",
        "bot.trading.sync.look_out",
        ("OrderNotSeen(order=looked) if age > LOOK_OUT_ENDS and not was_out else None\n", "None\n"),
        shows="silent_ends",
        focus=Focus(acts=BUYS, orders=("connection_dropped", "error_instead"), weather=()),
    ),
    _mutant(
        "a lease that outlives its process",
        NOTIFIER,
        ("            db.outbox.release(self._clock.now())\n", ""),
        shows="lost delayed silent_ends",
        focus=Focus(acts=BUYS, weather=("hanging", "slow", "telegram_down"), fatal="NOTICES"),
    ),
    _mutant(
        "a wait that follows the wall clock",
        NOTIFIER,
        ("            now = max(now, before + timedelta(seconds=at - then))\n", "            pass\n"),
        shows="lost delayed silent_ends",
        focus=Focus(acts=BUYS, orders=(), weather=("flood",), stepped=True, ends=0.0),
    ),
    _mutant(
        "an end merged into a partial",
        OUTBOX,
        ("        if not rung or news.fill.filled_after >= news.order.draft.quantity:\n", "        if not rung:\n"),
        shows="silent_ends",
        focus=Focus(acts=BUYS, orders=("fill_in_parts",), weather=()),
    ),
    _mutant(
        "newest first",
        OUTBOX,
        ("_HEADS = select(func.min(_o.id))", "_HEADS = select(func.max(_o.id))"),
        ("_HEAD_OF = select(func.min(_o.id))", "_HEAD_OF = select(func.max(_o.id))"),
        shows="misordered lost",
        focus=Focus(acts=BUYS, orders=("fill_in_parts",), weather=("telegram_down", "server_error")),
    ),
    _mutant(
        "a second copy without its number",
        "handlers.views.news.notices",
        ("    if delivery.attempts:\n", "    if delivery.attempts < 0:\n"),
        shows="doubled",
        focus=Focus(acts=BUYS, weather=("lost_answer",)),
    ),
    _mutant(
        "a card that is drawn once",
        "bot.delivery.card_updater",
        ("        if error.permanent and not error.closed:\n", "        if not error.closed:\n"),
        shows="untrue_cards",
        focus=Focus(acts=BUYS, weather=("server_error", "bad_gateway", "telegram_down")),
    ),
    _mutant(
        "a question that owes no answer",
        "storage.repos.orders.confirmations",
        ("        if state is not ConfirmationState.REPLACED:\n", "        if state is ConfirmationState.REPLACED:\n"),
        shows="untrue_cards",
        focus=Focus(
            acts=("taps_too_late", "taps_while_the_bot_is_away"), weather=("server_error", "bad_gateway", "telegram_down")
        ),
    ),
    _mutant(
        "a gap that is not told",
        RECONCILE,
        ("        if away >= NOTICED and (moving or change.touched):\n", "        if away >= NOTICED and not moving:\n"),
        shows="unannounced_gaps",
        focus=Focus(acts=("buys_with_a_limit_that_rests", "looks"), orders=(), weather=("books_away",), ends=0.0),
    ),
    _mutant(
        "an order not known by its tag",
        "bot.trading.sync.fact_applier",
        ("        if order is None and fact.tag is not None:\n", "        if order is None and fact.tag is None:\n"),
        shows="untrue_cards silent_ends",
        focus=Focus(acts=BUYS, orders=("answer_lost",), weather=()),
    ),
    _mutant(
        "a fill written once and told twice",
        "bot.trading.sync.fact_applier",
        (
            f"            {A_FILL}\n        if after.status",
            f"            {A_FILL}\n            {A_FILL}\n        if after.status",
        ),
        shows="doubled",
        focus=Focus(acts=BUYS, orders=(), weather=()),
    ),
    _mutant(
        "a login elsewhere that does not ring",
        "bot.trading.sessions.logins",
        ("            if ended:\n", "            if ended and who:\n"),
        shows="unrung_logins",
        focus=Focus(acts=BUYS, orders=(), weather=("login_elsewhere",), ends=0.0),
    ),
    _mutant(
        "a person off the list who hears on",
        "bot.trading.people.invitations",
        ("            db.people.remove(user.telegram_id)\n", ""),
        shows="overheard",
        focus=Focus(acts=("is_taken_off_the_list",), orders=(), weather=(), ends=0.0),
    ),
    _mutant(
        "a question to unlink that names no order",
        "bot.trading.unlinking",
        ("                orders=_open_orders(db, account),\n", "                orders=_open_orders(db, account)[:0],\n"),
        shows="unnamed",
        focus=Focus(acts=("buys_with_a_limit_that_rests", "unlinks"), orders=(), weather=(), ends=0.0),
    ),
    _mutant(
        "a split taken for a fall",
        "bot.domain.positions.held",
        ("    if instrument.kind is not InstrumentKind.EQUITY or previous_close is None:\n", "    if previous_close != 0:\n"),
        shows="misled unasked_splits",
        focus=Focus(orders=(), weather=(), ends=0.0, days=("guards_what_is_split", "is_split")),
    ),
    _mutant(
        "an evening order whose fate is not told",
        "bot.trading.desk.after_market_orders",
        ("    return [order for order in db.orders.of_day(account.id, day) if order.draft.session == day]\n", "    return []\n"),
        shows="untold_fates",
        focus=Focus(orders=(), weather=(), ends=0.0, days=("sends_in_the_evening", "the_next_morning")),
    ),
)


class _Changed(importlib.machinery.SourceFileLoader):
    """Loads a module from its file with some words changed."""

    def __init__(self, name: str, path: str, words: Sequence[tuple[str, str]]) -> None:
        super().__init__(name, path)
        self._words = words

    def get_code(self, fullname: str) -> CodeType:
        text = Path(self.path).read_text("utf-8")
        return compile(changed(text, self._words), self.path, "exec", dont_inherit=True)


def changed(text: str, words: Sequence[tuple[str, str]]) -> str:
    """The text with each of the words changed. LookupError where some are not there, or more than once."""
    for old, new in words:
        if text.count(old) != 1:
            raise LookupError(f"{old!r} stands there {text.count(old)} times")
        text = text.replace(old, new)
    return text


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        words = self._mutant.changes.get(fullname)
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target) if words is not None else None
        if words is None or spec is None or spec.origin is None:
            return None
        return importlib.util.spec_from_file_location(fullname, spec.origin, loader=_Changed(fullname, spec.origin, words))


def build(mutant: Mutant) -> None:
    """From here on this process imports the mutant. RuntimeError when a module of it was imported before."""
    for module in mutant.changes:
        if module in sys.modules:
            raise RuntimeError(f"{module} was imported before it could be changed")
    sys.meta_path.insert(0, _Finder(mutant))
