"""The trading desk: from the tap on a question to at most one order at the broker."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import (
    AddressRefused,
    BrokerError,
    CheckFailed,
    ConfirmationGone,
    NotFound,
    OrderOver,
    PersonError,
    StorageAway,
    Unclear,
    WordsWanted,
)
from bot.domain.exits.exit_list import ExitList, ExitsShown
from bot.domain.market.display_names import short
from bot.domain.money import in_figures
from bot.domain.news.people import ActByOther, ActionKind
from bot.domain.orders.confirmation import Confirmation, ConfirmationState, Purpose
from bot.domain.orders.doubt import of_change
from bot.domain.orders.order import CardRef, Order, OrderDraft
from bot.domain.orders.order_text import request_of
from bot.domain.orders.standing import Cancelled
from bot.domain.people.account import Actor
from bot.domain.plans.plan import Plan
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.proposals.proposal import Proposal, Resumed
from bot.domain.terms import Product, Side
from bot.runtime.background import BackgroundTasks
from bot.trading.actor import account_of
from bot.trading.checks.beside import sent_meanwhile
from bot.trading.checks.reducing import objections
from bot.trading.checks.situation import Situation
from bot.trading.desk.kill_switch import KillSwitch
from bot.trading.desk.working_orders import WorkingOrders
from bot.trading.drafts.held import Held
from bot.trading.exits.confirmed_exits import ConfirmedExits
from bot.trading.exits.exit_state import begin_row, shown
from bot.trading.exits.exit_wanted import ExitWanted
from bot.trading.orders.claimed_orders import Claim, ClaimedOrders
from bot.trading.orders.closing_auction import ClosingAuction
from bot.trading.orders.confirmations import Confirmations
from bot.trading.orders.sending import Answered, Sending
from bot.trading.plans.guarded_parts import guard_part
from bot.trading.plans.joined_stops import guard_gone, join, own_stop
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.proposals.proposals import Proposals, terms_of
from bot.trading.safety.announce import tell_others
from bot.trading.safety.pins import demand_pin, why_pin
from bot.trading.sync.reconcile import Reconcile

Claimed = tuple[Order | ExitWanted | ExitList | None, tuple[str, ...]]  # the order, exits to begin, or every reason against

ON_CARDS = frozenset({Purpose.PLACE, Purpose.MODIFY})
IN_WORDS = frozenset({Purpose.CANCEL, Purpose.RESUME})


class OrderDesk:
    """Does what a person confirmed. Each confirmation leads to at most one POST, ever."""

    def __init__(
        self,
        *,
        store: Store,
        connections: BrokerConnections,
        proposals: Proposals,
        proposing: ProposalBuilder,
        orders: WorkingOrders,
        switch: KillSwitch,
        confirmations: Confirmations,
        reconcile: Reconcile,
        background: BackgroundTasks,
        clock: Clock,
        claimed: ClaimedOrders,
        sending: Sending,
        exits: ConfirmedExits,
        begin: Callable[[str], Awaitable[None]],
        auction: ClosingAuction,
    ) -> None:
        """begin: takes the first step of the list of exits of that plan."""
        self._store = store
        self._auction = auction
        self._exits = exits
        self._begin = begin
        self._sending = sending
        self._proposals = proposals
        self._proposing = proposing
        self._orders = orders
        self._switch = switch
        self._confirmations = confirmations
        self._clock = clock
        self._connections = connections
        self._reconcile = reconcile
        self._background = background
        self._claimed = claimed

    async def confirm(
        self, actor: Actor, token: str, *, chat_id: int, message_id: int, in_words: bool = False, answered: Answered | None = None
    ) -> Order | Proposal | Resumed | Cancelled | ExitsShown:
        """Claims the question and does what it licenses, once.

        in_words: whether the button is one that answers a question in words, and not the Confirm of an order's card.
        answered: awaited before anything goes to the broker, so that the person's tap has been answered by then.

        Returns the order as it stands after the broker's answer. A Proposal when the price ran away from the card. Resumed for
        the kill switch, Cancelled for a stop. A list of one row for an exit over the freeze quantity.

        ConfirmationGone when the question is not open to this tap, CheckFailed when the claim found a reason, WordsWanted when
        the act is heavy and its question in words has not been answered.
        """
        account_id = actor.account.id if actor.account is not None else ""
        order_id = self._claimed.announce()  # before it can be stored: no look may take it for one that was cut off
        try:
            place = (chat_id, message_id)
            question, claim, anew, limited = await self._store.transaction(
                lambda db: self._first(db, actor, token, place, order_id=order_id, in_words=in_words)
            )
            if question.purpose is Purpose.PLACE and claim is None:
                self._proposing.connection(actor)
                if anew is None:
                    async with self._exits.exits.turn(question.account_id, terms_of(question)):
                        held = await self._proposing.held_for(actor, terms_of(question), limited=limited)
                        anew, claim = await self._store.transaction(lambda db: self._second(db, actor, question, held, order_id))
                if anew is not None:
                    self._reconcile.unsent(order_id)
                    return await self._proposals.ask_anew(actor, question, request_of(terms_of(question)), redrawn=anew)
        except (PersonError, BrokerError):  # the claim was rolled back, or not tried: there is no order
            self._reconcile.unsent(order_id)
            raise
        except StorageAway as error:  # so was it here; the question stays open
            self._reconcile.unsent(order_id)
            raise StorageAway(f"{error.say} Nothing was sent.") from error
        except BaseException:
            self._reconcile.sent(account_id, order_id)
            raise
        act, reasons = claim or (None, ())
        if not isinstance(act, Order):
            self._reconcile.unsent(order_id)
        if act is not None:
            # From here it is licensed: it is carried to its end even when the tap's own task is cancelled.
            urgent = self._confirmations.is_exit(question.token)
            doing = self._carry_out(act, actor, urgent=urgent, answered=answered)
            return await asyncio.shield(self._background.start(doing, f"the act of {question.token}"))
        if reasons:
            raise CheckFailed(reasons)
        if answered is not None:
            await answered()
        return await self._answer(actor, question)

    async def _carry_out(
        self, act: Order | ExitWanted | ExitList, actor: Actor, *, urgent: bool, answered: Answered | None
    ) -> Order | ExitsShown:
        """Sends a new order, begins an exit in parts, or turns the stop that guards a quantity into its exit."""
        if isinstance(act, Order):
            return await self._sending.post(act, name=actor.user.name, urgent=urgent, answered=answered)
        if answered is not None:
            await answered()
        if isinstance(act, ExitList):
            await self._begin(act.plan_id)
            return await self._store.transaction(lambda db: shown(db, account_of(actor), act.plan_id, self._clock.now()))
        return await self._exits.carry_out(act)

    async def _answer(self, actor: Actor, question: Confirmation) -> Order | Resumed | Cancelled:
        """Does what needs no new order."""
        match question.purpose:
            case Purpose.RESUME:
                return await self._switch.lift(actor, question)
            case Purpose.CANCEL:
                return await self._orders.confirmed_cancel(actor, question)
            case _:
                return await self._confirmed_modify(actor, question)

    def _first(
        self, db: Repositories, actor: Actor, token: str, place: tuple[int, int], *, order_id: str, in_words: bool
    ) -> tuple[Confirmation, Claimed | None, str | None, bool]:
        """The question behind the tap. An order that nothing speaks against is claimed in the same transaction.

        Then why it is asked anew, and whether a daily loss limit is set, for the reading that an open claim hangs on.
        """
        fits = ON_CARDS if not in_words else IN_WORDS | ON_CARDS if self._confirmations.was_asked_again(token) else IN_WORDS
        question = self._confirmations.open_one(db, actor, token, *place, fits=fits)
        if actor.account is None or actor.account.id != question.account_id:
            raise ConfirmationGone("This card belongs to another account. Nothing was sent.")
        if self._confirmations.too_early(question):
            raise ConfirmationGone("New figures. Read, then tap.")
        if question.purpose is Purpose.MODIFY and self._confirmations.is_of_before(question):
            raise ConfirmationGone("I was restarted after this card. Nothing was changed: ask again.")
        if not in_words and (reasons := self._confirmations.weight(token)):
            self._confirmations.ask_again(token)
            raise WordsWanted(" ".join(reasons), reasons=reasons)
        limited = self._proposing.limited(db, question.account_id)
        if question.purpose is not Purpose.PLACE:
            return question, None, None, limited
        anew = self._ran_away(question) or self._of_before(question) or self._doubled(db, question)
        if anew is not None or self._confirmations.is_exit(question.token):  # an exit hangs on what is held now
            return question, None, anew, limited
        return question, self._claim(db, actor, question, None, order_id), None, limited

    def _second(
        self, db: Repositories, actor: Actor, question: Confirmation, held: Held, order_id: str
    ) -> tuple[str | None, Claimed | None]:
        """Why it is asked anew after all, as its twin was sent while the books were read, or else its claim."""
        anew = self._doubled(db, question)
        return anew, None if anew is not None else self._claim(db, actor, question, held, order_id)

    def _claim(self, db: Repositories, actor: Actor, question: Confirmation, held: Held | None, order_id: str) -> Claimed | None:
        """Transaction 1: read again all that may have changed since the card, claim, and store the order with its tag.

        held None: positions were not read. Where something speaks against the order as an entry nothing is written and None
        says that the answer hangs on them. So an order that nothing speaks against costs no read at the broker.
        """
        draft = terms_of(question)
        reasons, pin, turning = self._objections(db, actor, question, held or Held())
        if held is None and (reasons or pin):
            return None
        self._confirmations.claim(db, question)
        plan = self._confirmations.plan_of(db, question)
        if pin is not None:  # what it raises rolls the claim back: the question stays open
            demand_pin(db, actor.user.telegram_id, question.token, pin)
        if reasons:
            db.confirmations.close(question.token, ConfirmationState.REFUSED, reasons)
            return None, reasons
        if plan is not None and plan.only_exits:
            return begin_row(db, plan, draft, actor.user.name, self._clock.now()), ()
        if turning is not None:
            doubles = frozenset(each.id for each in turning.doubles)
            return self._exits.license(db, question, draft, actor.user.name, doubles), ()
        if plan is not None and plan.joins is not None and guard_gone(db, plan):
            gone = ("The stop that was to be raised waits no longer. Ask anew.",)
            db.confirmations.close(question.token, ConfirmationState.REFUSED, gone)
            return None, gone
        draft = plan.legs[0].draft if plan is not None else draft
        leg = self._leg(db, question, plan, draft)
        claim = Claim(
            account_id=question.account_id,
            draft=draft,
            by=actor.user.telegram_id,
            closes=self._confirmations.is_exit(question.token),
            terms=self._proposing.terms(draft),
            leg=leg,
            card=(question.chat_id, question.message_id or 0),
            then=partial(guard_part, plan_id=plan.id, number=0) if plan is not None and plan.sliced else None,
        )
        order = self._claimed.take(db, order_id, claim)
        if draft.trigger is None and (touch := self._proposing.prices.touch(order.account_id, draft.instrument.key, draft.side)):
            db.ledger.note_touch(order.id, touch)  # a stop is not sent at that price, whatever becomes of it
        return order, ()

    def _leg(self, db: Repositories, question: Confirmation, plan: Plan | None, draft: OrderDraft) -> tuple[str, int] | None:
        """The leg of a plan whose one POST the order is. A stop that closes is a plan of its own: it never guards too much."""
        if plan is not None and plan.joins is not None:
            return join(db, plan)
        if plan is not None:
            if not db.plans.begin(plan.id):
                raise ConfirmationGone("This plan was begun already.")
            return plan.id, 0
        if draft.trigger is None or not self._confirmations.is_exit(question.token):
            return None
        stop = own_stop(question, draft, self._clock.now())
        db.plans.add(stop)
        return stop.id, 0

    def _objections(
        self, db: Repositories, actor: Actor, question: Confirmation, held: Held
    ) -> tuple[tuple[str, ...], str | None, Situation | None]:
        """(every reason against the act, or else why the person's PIN is asked for first, the exit that stops become).

        It only reads.
        """
        role = db.people.role_on(actor.user.telegram_id, question.account_id)
        if role is None:
            return ("You are not on the list any more.",), None, None
        now = self._clock.now()
        if self._connections.session_of(question.account_id, now) is None:
            return ("The session with mStock ended. /login, then ask again. Nothing was sent.",), None, None
        person = actor.user.telegram_id
        if db.pins.phone_locked_since(person) is not None:
            return ("This phone is sealed. /unlock opens it. Nothing was sent.",), None, None
        before = db.orders.find(question.order_id) if question.order_id is not None else None
        was = self._confirmations.is_exit(question.token)
        situation = self._proposing.situation(db, question.account_id, terms_of(question), held, before=before, asked_as_exit=was)
        reasons = objections(role, situation)
        if situation.reduces:
            self._confirmations.note_exit(question)
        if reasons or situation.reduces:
            return reasons, None, situation if situation.turns else None
        return (), why_pin(db, person, question.account_id, value=situation.value, limits=situation.limits, now=now), None

    def _ran_away(self, question: Confirmation) -> str | None:
        """Why the card would no longer fill, or be taken. Of prices only a market order's worst one is asked again."""
        draft = terms_of(question)
        listed = self._proposing.instruments.by_key(draft.instrument.key)
        if listed is not None and listed.lot != draft.instrument.lot:
            return f"A lot of {listed.symbol} is {listed.lot} now, no longer {draft.instrument.lot}."
        if self._waits_for_auction(question):
            return "The exchange takes no order of this share until the closing auction."
        best = self._proposing.prices.touch(question.account_id, draft.instrument.key, draft.side)
        if not draft.protected or draft.price is None or best is None:
            return None
        beyond = best > draft.price if draft.side is Side.BUY else best < draft.price
        if not beyond:
            return None
        name = "ask" if draft.side is Side.BUY else "bid"
        return f"The {name} is {in_figures(best)} now; your card would no longer fill."

    def _waits_for_auction(self, question: Confirmation) -> bool:
        """Whether an exit would be refused now and can be kept until the auction takes it, which is asked about anew."""
        draft = terms_of(question)
        if draft.trigger is not None or not self._confirmations.is_exit(question.token):
            return False
        hours = self._auction.hours(draft.instrument)
        return hours is not None and hours.opens is not None

    def _of_before(self, question: Confirmation) -> str | None:
        """Why a card from before a restart is asked anew: what it was to close may be gone, or it was to be asked again."""
        draft = terms_of(question)
        stays_entry = question.light and draft.side is Side.BUY and draft.product is Product.CNC
        return "I was restarted after this card." if self._confirmations.is_of_before(question) and not stays_entry else None

    def _doubled(self, db: Repositories, question: Confirmation) -> str | None:
        """Why an entry is asked anew: the order that its claim would send went out after the card, whole or as a first part."""
        if self._confirmations.is_exit(question.token):
            return None
        plan = self._confirmations.plan_of(db, question)
        draft = plan.legs[0].draft if plan is not None else terms_of(question)
        return sent_meanwhile(db, question, (draft,), ist_date(self._clock.now()))

    async def _confirmed_modify(self, actor: Actor, question: Confirmation) -> Order:
        _, connection = self._proposing.connection(actor)
        draft = terms_of(question)
        held = await self._proposing.held_for(actor, draft)

        def claim(db: Repositories) -> tuple[Order | None, tuple[str, ...]]:
            now = self._clock.now()
            self._confirmations.claim(db, question)
            order = db.orders.find(question.order_id or "")
            reasons, pin, _ = self._objections(db, actor, question, held)
            if pin is not None:
                demand_pin(db, actor.user.telegram_id, question.token, pin)
            if order is None or not order.status.is_working:
                reasons = ("The order is not working any more.", *reasons)
            elif not self._confirmations.is_as_asked(db, question):
                reasons = ("The order changed since this card.", *reasons)
            if reasons or order is None:
                db.confirmations.close(question.token, ConfirmationState.REFUSED, reasons)
                return None, reasons
            db.cards.add(CardRef(chat_id=question.chat_id, message_id=question.message_id or 0, order_id=order.id, version=0))
            terms = f"{self._proposing.terms(draft)} {draft.digest()}"
            was = self._proposing.terms(order.draft)
            db.audit.add(now, actor.user.telegram_id, "modify", question.account_id, order.id, before=was, after=terms)
            return order, ()

        order, reasons = await self._store.transaction(claim)
        if order is None or order.broker_id is None:
            raise CheckFailed(reasons)
        urgent = self._confirmations.is_exit(question.token)
        sending = self._background.start(connection.broker.modify(order.broker_id, draft, urgent=urgent), f"modify {order.id}")
        try:
            await asyncio.shield(sending)
        except Unclear:
            doubt = of_change(order, draft, self._clock.now())
            await self._store.owe(lambda db: self._reconcile.doubts.note(db, doubt))
            raise
        except BrokerError as error:
            why = error.with_words
            await self._store.owe(lambda db: db.confirmations.close(question.token, ConfirmationState.REFUSED, (why,)))
            if isinstance(error, OrderOver):  # so that the card shows how it ended when the words are read
                await self._reconcile.sync(order.account_id)
            elif isinstance(error, AddressRefused):
                await self._reconcile.address_refused(order.account_id, error.words)
            raise
        finally:
            self._reconcile.sent(order.account_id, order.id)
        amend = partial(self._amend, order_id=order.id, draft=draft, actor=actor)
        try:
            amended = await self._store.transaction(amend)
        except StorageAway:
            await self._store.owe(amend)
            amended = order.amended(draft, self._clock.now())
        return amended

    def _amend(self, db: Repositories, *, order_id: str, draft: OrderDraft, actor: Actor) -> Order:
        known = db.orders.find(order_id)
        if known is None:
            raise NotFound("That order is gone.")
        if known.status.is_final:
            return known
        now = self._clock.now()
        amended = known.amended(draft, now)
        db.orders.save(amended)
        what = f"#{known.number} {short(draft.instrument)}: {self._proposing.terms(known.draft)} → {self._proposing.terms(draft)}"
        notice = ActByOther(name=actor.user.name, deed=ActionKind.MODIFIED, at=now, detail=what)
        tell_others(db, known.account_id, {actor.user.telegram_id}, notice, now, order_id=known.id)
        return amended
