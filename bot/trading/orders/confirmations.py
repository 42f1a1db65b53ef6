"""Issue a one-time question and claim it: one conditional update decides who acts, in the transaction of what it licenses."""

import base64
import hashlib
from collections.abc import Callable, Collection
from dataclasses import field
from datetime import datetime, timedelta

from bot.domain.clock import Clock, ist
from bot.domain.errors import ConfirmationGone
from bot.domain.orders.confirmation import BECOMES_A_CARD, Confirmation, ConfirmationState, Purpose
from bot.domain.orders.order import OrderDraft
from bot.domain.people.account import Actor
from bot.domain.plans.plan import Plan
from bot.domain.ports.broker import RandomBytes
from bot.domain.ports.repositories import Repositories
from bot.domain.value import positional

CALM = timedelta(seconds=1.5)  # after a redraw, taps that were meant for the old figures are ignored
# Of the others the terms stand in the question alone.
WITH_PLAN = frozenset({
    Purpose.PLACE, Purpose.EXIT, Purpose.PANIC, Purpose.REVERSE, Purpose.BASKET, Purpose.TRAIL, Purpose.STOPS,
    Purpose.KEEP, Purpose.KEEP_ONLY,
})  # fmt: skip
EVENING = timedelta(minutes=10)  # that the card of an after-market order can be confirmed
A_DAY = 86_400.0  # seconds for which this process remembers what it asked


@positional
class Confirmations:
    """Questions of one minute (settable), each for one person, one chat, one message, one set of terms."""

    clock: Clock
    elapsed: Callable[[], float]  # the loop's own seconds, which nobody sets; asked from the store's thread too
    random: RandomBytes
    life: timedelta = timedelta(seconds=60)
    _asked: dict[str, float] = field(default_factory=dict)  # questions of this process: token -> when, in loop time
    _exits: dict[str, float] = field(default_factory=dict)  # those about an exit
    _weights: dict[str, tuple[float, tuple[str, ...]]] = field(default_factory=dict)  # those to be asked again in words, and why
    _in_words: dict[str, float] = field(default_factory=dict)  # those whose words are shown

    def new(
        self,
        actor: Actor,
        chat_id: int,
        purpose: Purpose,
        *,
        draft: OrderDraft | None = None,
        order_id: str | None = None,
        before: OrderDraft | None = None,
        message_id: int | None = None,
        calm: bool = False,
        plan: str | None = None,
    ) -> Confirmation:
        """An open question, not yet stored.

        before: the terms that a change replaces. message_id: it replaces one there. plan: a plan's digest.
        """
        if actor.account is None:
            msg = "a question needs an account"
            raise ValueError(msg)
        now = self.clock.now()
        token = base64.b32encode(self.random(16)).decode().rstrip("=").lower()
        self._remember(self._asked, token)
        return Confirmation(
            token=token,
            user_id=actor.user.telegram_id,
            chat_id=chat_id,
            message_id=message_id,
            account_id=actor.account.id,
            purpose=purpose,
            digest=digest(purpose, actor.account.id, draft, order_id, plan=plan, before=before),
            draft=draft,
            order_id=order_id,
            created_at=now,
            expires_at=now + (self.life if draft is None or draft.session is None else EVENING),
            taps_from=now + CALM if calm else None,
        )

    def open_one(
        self,
        db: Repositories,
        actor: Actor,
        token: str,
        chat_id: int,
        message_id: int,
        *,
        fits: Collection[Purpose] = frozenset(Purpose),
    ) -> Confirmation:
        """The question behind a tap, if this person may answer it here and now. ConfirmationGone otherwise.

        fits: what the button can be the answer to. A button is an untrusted text: it may name any question.
        """
        question = db.confirmations.find(token)
        if question is None or (question.user_id, question.chat_id) != (actor.user.telegram_id, chat_id):
            # The same words for "unknown" and "somebody else's": a guesser learns nothing.
            raise ConfirmationGone("I don't know this card. Nothing was sent.", foreign=question is not None)
        if question.message_id is None and db.confirmations.bind(token, message_id):
            question = db.confirmations.find(token) or question
        if question.message_id != message_id:
            raise ConfirmationGone("This button belongs to another message. Nothing was sent.")
        if question.purpose not in fits:
            raise ConfirmationGone("This button does not belong to this question. Nothing was sent.")
        over = question.state is ConfirmationState.EXPIRED
        if question.state is not ConfirmationState.OPEN and not over:
            raise ConfirmationGone(_ended(question))
        if over or self._moment(question) >= question.expires_at:
            ended = f"This card expired at {ist(question.expires_at):%H:%M:%S}. Nothing was sent."
            raise ConfirmationGone(ended, expired=True, again=question.purpose in (Purpose.PLACE, Purpose.BASKET))
        if not self.is_as_asked(db, question):
            if question.purpose is Purpose.MODIFY:
                raise ConfirmationGone("The order changed since this card. Nothing was sent: /modify asks anew.")
            raise ConfirmationGone("This card's terms do not match what was shown. Nothing was sent.")
        return question

    def plan_of(self, db: Repositories, question: Confirmation) -> Plan | None:
        """The plan that the question's terms are part of. None for one order alone, which costs no look."""
        if question.purpose not in WITH_PLAN:
            return None
        alone = digest(question.purpose, question.account_id, question.draft, question.order_id)
        return db.plans.find(question.token) if alone != question.digest else None

    def is_as_asked(self, db: Repositories, question: Confirmation) -> bool:
        """Whether everything that was shown still stands: its terms, its plan, and the terms that a change replaces."""
        plan = self.plan_of(db, question)
        order = db.orders.find(question.order_id or "") if question.purpose is Purpose.MODIFY else None
        pnl_exit = db.pnl_exits.find(question.token) if question.purpose is Purpose.PNL_EXIT else None
        whole, before = plan or pnl_exit, order.draft if order is not None else None
        name = whole.digest() if whole is not None else None
        seen = digest(question.purpose, question.account_id, question.draft, question.order_id, plan=name, before=before)
        return seen == question.digest

    def too_early(self, confirmation: Confirmation) -> bool:
        """Whether a tap falls into the calm after a redraw."""
        return confirmation.taps_from is not None and self._moment(confirmation) < confirmation.taps_from

    def note_exit(self, confirmation: Confirmation) -> None:
        """This question is about an exit, as far as was seen when it was asked.

        It is not stored: a question that is older than this process is asked anew where that matters (`is_of_before`).
        """
        self._remember(self._exits, confirmation.token)

    def note_weight(self, confirmation: Confirmation, reasons: tuple[str, ...]) -> None:
        """Why this question is to be asked again in words, if at all. It is not stored, as `note_exit`."""
        now = self.elapsed()
        for old in [token for token, (at, _) in self._weights.items() if now - at > A_DAY]:
            del self._weights[old]
            self._in_words.pop(old, None)
        if reasons:
            self._weights[confirmation.token] = (now, reasons)

    def weight(self, token: str) -> tuple[str, ...]:
        """Why it is to be asked again in words. Empty: one tap may do it."""
        return self._weights.get(token, (0.0, ()))[1]

    def ask_again(self, token: str) -> None:
        """Its question in words is shown from now on."""
        self._in_words[token] = self.elapsed()

    def was_asked_again(self, token: str) -> bool:
        """Whether its question in words was shown long enough to be read."""
        shown = self._in_words.get(token)
        return shown is not None and timedelta(seconds=self.elapsed() - shown) >= CALM

    def may_be_open(self, token: str) -> bool:
        """Whether this process asked the question and its time is not over: for words only, the row decides what is done."""
        asked = self._asked.get(token)
        return asked is not None and timedelta(seconds=self.elapsed() - asked) < self.life

    def is_exit(self, token: str) -> bool:
        """Whether the question was about an exit. False where that was never seen."""
        return token in self._exits

    def is_of_before(self, question: Confirmation) -> bool:
        """Whether it was asked before this process began, so that nobody knows whether it was about an exit."""
        return question.token not in self._asked

    def claim(self, db: Repositories, asked: Confirmation) -> None:
        """Makes this caller the one that acts. ConfirmationGone for every other."""
        message_id = asked.message_id
        claimed = message_id is not None and db.confirmations.claim(
            asked.token, asked.user_id, asked.chat_id, message_id, self._moment(asked)
        )
        if not claimed:
            raise ConfirmationGone("This card was answered already.")
        if asked.purpose not in BECOMES_A_CARD:
            db.confirmations.owe_answer(asked.token)

    def _moment(self, question: Confirmation) -> datetime:
        """The moment of its life at which a question stands: its creation and its age. ConfirmationGone for one from the future.

        A question of this process ages by loop time, however the host's clock is set. The clock's own difference counts as
        well, because loop time stands still while a host sleeps, but never against an exit or a cancel, which always go.
        """
        by_clock, asked = self.clock.now() - question.created_at, self._asked.get(question.token)
        by_loop = timedelta(0) if asked is None else timedelta(seconds=self.elapsed() - asked)
        if asked is not None and (question.purpose is Purpose.CANCEL or self.is_exit(question.token)):
            return question.created_at + by_loop
        if by_clock < timedelta(0):
            raise ConfirmationGone("This server's clock was set back after this card. Nothing was sent.", again=True)
        return question.created_at + max(by_clock, by_loop)

    def _remember(self, tokens: dict[str, float], token: str) -> None:
        now = self.elapsed()
        for old in [each for each, at in tokens.items() if now - at > A_DAY]:
            del tokens[old]
        tokens[token] = now


def digest(
    purpose: Purpose,
    account_id: str,
    draft: OrderDraft | None,
    order_id: str | None,
    *,
    plan: str | None = None,
    before: OrderDraft | None = None,
) -> str:
    """A name for everything that the person was shown and confirms.

    plan: the digest of the plan that it is part of. before: the terms that a change replaces.
    """
    terms = draft.digest() if draft is not None else "-"
    whole = "".join(f"|{part}" for part in (plan, before.digest() if before is not None else None) if part is not None)
    return hashlib.sha256(f"{purpose}|{account_id}|{order_id or '-'}|{terms}{whole}".encode()).hexdigest()


def _ended(confirmation: Confirmation) -> str:
    match confirmation.state:
        case ConfirmationState.CLAIMED:
            return "This card was answered already."
        case ConfirmationState.DISCARDED:
            return "This card was discarded. Nothing was sent."
        case ConfirmationState.REPLACED:
            return "These figures were replaced by newer ones. Nothing was sent by this tap."
        case _:
            return "This card was refused. Nothing was sent."
