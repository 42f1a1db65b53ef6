"""Questions about orders, proposed, changed, asked anew and discarded: nothing of it moves anything at the broker."""

import asyncio
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import CheckFailed, ConfirmationGone
from bot.domain.money import tick_down, tick_up
from bot.domain.orders.confirmation import Confirmation, ConfirmationState, Purpose
from bot.domain.orders.legs import Leg, TrailSaid
from bot.domain.orders.order import Order, OrderDraft, OrderRequest, OrderStatus
from bot.domain.orders.order_text import request_of
from bot.domain.orders.reading import Readings
from bot.domain.people.account import Actor, Permission
from bot.domain.plans.plan import Attached
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.proposals.proposal import Change, ChangeOptions, Proposal, Raising
from bot.domain.terms import OrderKind, Product, Side
from bot.trading.actor import demand_role
from bot.trading.checks.blocking import known
from bot.trading.checks.remarks import takes_again
from bot.trading.checks.situation import Situation
from bot.trading.drafts.after_market import sent_for
from bot.trading.drafts.attaching import Entry, attached_of, sure
from bot.trading.drafts.drafting import sized
from bot.trading.drafts.joining import raising
from bot.trading.drafts.meaning import Meant
from bot.trading.orders.confirmations import Confirmations
from bot.trading.orders.lookup import order_by_number, own_order
from bot.trading.proposals.position_questions import PositionQuestions
from bot.trading.proposals.proposal_builder import ProposalBuilder


class Proposals:
    """What a person may be asked to confirm. Each answer is the desk's."""

    def __init__(self, *, store: Store, proposing: ProposalBuilder, confirmations: Confirmations, clock: Clock) -> None:
        self._store = store
        self._proposing = proposing
        self._confirmations = confirmations
        self._clock = clock
        self.positions = PositionQuestions(store=store, proposing=proposing, propose=self.propose)

    async def meant(self, actor: Actor, readings: Readings) -> Meant:
        """The one thing that the words name. Otherwise UnknownSymbol or ChoiceWanted, with whole commands as buttons."""
        return await self._proposing.interpreter.meant(actor, readings)

    async def propose(
        self,
        actor: Actor,
        asked: OrderRequest | Meant,
        *,
        chat_id: int,
        attached: Attached | None = None,
        as_exit: bool = False,
    ) -> Proposal:
        """What the order would be, and a one-time question about it. It raises before anything is asked when a check refuses.

        attached: the stop and the target that the same Confirm covers. as_exit: it closes, or ExitHeld says what does.
        """
        return await self._proposing.propose(actor, asked, chat_id=chat_id, attached=attached, as_exit=as_exit)

    async def shown(self, token: str, message_id: int) -> None:
        """The question stands in this message. Only taps under it count."""
        await self._store.transaction(lambda db: db.confirmations.bind(token, message_id))

    def may_be_open(self, token: str) -> bool:
        """Whether a tap on this question may still lead to something. What it leads to is decided when it is claimed."""
        return self._confirmations.may_be_open(token)

    def is_heavy(self, token: str) -> bool:
        """Whether this question is asked again in words before anything is sent."""
        return bool(self._confirmations.weight(token))

    def is_exit(self, token: str) -> bool:
        """Whether this process asked the question and it was about an exit."""
        return self._confirmations.is_exit(token)

    async def question(self, actor: Actor, token: str) -> Confirmation:
        """This person's own question as it is stored, whatever became of it."""
        return await self._mine(actor, token, actor.user.telegram_id)

    async def opens(self, actor: Actor, token: str) -> datetime | None:
        """When the market takes the order of this person's card again, UTC. None: it takes it now, or nobody knows."""
        draft = terms_of(await self.question(actor, token))
        reduces = self._confirmations.is_exit(token)
        return takes_again(self._proposing.window(draft.instrument, draft.product), reduces=reduces)

    async def discard(self, actor: Actor, token: str, *, chat_id: int, message_id: int) -> Confirmation:
        """Closes a question. Nothing was sent, and nothing will be."""

        def close(db: Repositories) -> Confirmation:
            question = self._confirmations.open_one(db, actor, token, chat_id, message_id)
            if not db.confirmations.close(token, ConfirmationState.DISCARDED):
                raise ConfirmationGone("This card was answered already.")
            return question

        return await self._store.transaction(close)

    async def change(self, actor: Actor, token: str, change: Change, *, chat_id: int) -> Proposal:
        """New terms in the same message: a new question, and the old one is dead."""
        old = await self._mine(actor, token, chat_id)
        if old.draft is None or old.state is not ConfirmationState.OPEN:
            raise ConfirmationGone("This card is closed. Nothing was sent.")
        if change.protected and old.draft.session is not None:
            raise CheckFailed(["An after-market order is a limit, never a market order."])
        request = request_of(old.draft)
        if change.lots is not None and not old.draft.instrument.is_derivative:
            raise CheckFailed([f"{old.draft.instrument.symbol} is a share and has no lots. Nothing was changed."])
        if change.quantity is not None or change.lots is not None:
            request = sized(request, change.quantity or (change.lots or 0) * old.draft.instrument.lot)
        if change.price is not None:
            request = replace(request, price=change.price, market=False)
        if change.protected:
            request = replace(request, price=None, market=False)
        if change.product is not None:
            request = replace(request, product=change.product)
        return await self.ask_anew(actor, old, request, redrawn=None)

    async def attach(
        self, actor: Actor, token: str, *, stop: Leg | None, target: Leg | None, trail: TrailSaid | None = None, chat_id: int
    ) -> Proposal:
        """The same order with a stop, a target or a trail: a new question in a message of its own, and the old one is dead.

        ChoiceWanted and CheckFailed as attached_of and attach.
        """
        old = await self._mine(actor, token, chat_id)
        if old.draft is None or old.state is not ConfirmationState.OPEN or old.purpose is not Purpose.PLACE:
            raise ConfirmationGone("This card is closed. Nothing was sent.")
        draft = old.draft
        price = await self._proposing.prices.of(old.account_id, draft.instrument.key)
        plan = await self._store.transaction(lambda db: self._confirmations.plan_of(db, old))
        had = Attached.of(plan) if plan is not None else Attached()
        said = replace(
            request_of(draft),
            price=draft.price,
            stop=stop or (sure(had.stop, had.stop_limit) if had.stop is not None else None),
            target=target or (sure(had.target) if had.target is not None else None),
            trail=trail or had.trail,
        )
        more = attached_of(said, draft, price) or Attached()
        keeps = had.stop is not None and stop is None  # a trail follows the stop that is there
        attached = Attached(
            stop=had.stop if keeps else more.stop,
            stop_limit=had.stop_limit if keeps else more.stop_limit,
            target=more.target or had.target,
            trail=more.trail or had.trail,
        )
        proposal = await self.propose(actor, request_of(draft), chat_id=chat_id, attached=attached)

        def replace_it(db: Repositories) -> None:
            if db.confirmations.close(token, ConfirmationState.REPLACED):
                db.confirmations.owe_answer(token)  # the new one has a message of its own

        await self._store.transaction(replace_it)
        return proposal

    async def raise_stop(self, actor: Actor, token: str, *, join: bool, chat_id: int) -> Proposal:
        """The same card with the stop of the position raised for the entry as well, or left as it is."""
        old = await self._mine(actor, token, chat_id)
        draft = terms_of(old)
        if old.state is not ConfirmationState.OPEN or old.purpose is not Purpose.PLACE:
            raise ConfirmationGone("This card is closed. Nothing was sent.")
        held = await self._proposing.held_for(actor, draft)
        stop = await self._proposing.joins(old.account_id, draft, held) if join else None
        if join and (stop is None or not stop.fits):
            raise CheckFailed(["The stop of this position waits no longer. Ask for the order anew."])
        attached = stop.attached if stop is not None else Attached()
        return await self.ask_anew(actor, old, asked_as(draft), redrawn=None, attached=attached)

    async def raising(self, actor: Actor, token: str) -> Raising | None:
        """The stop that an open card's entry adds to, and whether it is raised as the card stands."""
        old = await self._mine(actor, token, actor.user.telegram_id)
        plan = await self._store.transaction(lambda db: self._confirmations.plan_of(db, old))
        if old.draft is None or old.purpose is not Purpose.PLACE or (plan is not None and plan.joins is None):
            return None
        stop = await self._proposing.joins(old.account_id, old.draft, await self._proposing.held_for(actor, old.draft))
        return raising(stop, old.draft, plan) if stop is not None and stop.fits else None

    async def change_options(self, actor: Actor, token: str) -> ChangeOptions:
        """Steps of lots, and of about 0.1 % on the tick, with bid, mid, ask, and the other products.

        What closes is not offered larger than what is open, nor in another product: both would open the other side.
        A price is stepped from the card's own limit. One with a worst price only, from the ask to buy and
        the bid to sell.
        """
        old = await self._mine(actor, token, actor.user.telegram_id)
        if old.draft is None:
            raise ConfirmationGone("This card has nothing to change.")
        draft, lot, tick = old.draft, old.draft.instrument.lot, old.draft.instrument.tick
        price, most = await asyncio.gather(
            self._proposing.prices.of(old.account_id, draft.instrument.key), self._closable(actor, old, draft)
        )
        step = lot if draft.instrument.is_derivative or draft.quantity < 10 else max(draft.quantity // 10, 1)
        sizes = dict.fromkeys((draft.quantity - step, draft.quantity + step, draft.quantity * 2))
        steps: list[tuple[str, Decimal]] = []
        seen: list[tuple[str, Decimal]] = []
        best = None if price is None else (price.ask if draft.side is Side.BUY else price.bid) or price.last
        base = best if draft.protected or draft.price is None else draft.price
        if base is not None:
            small = max(tick_up(base / 1000, tick), tick)
            steps = [("Lower", tick_down(base - small, tick)), ("Higher", tick_up(base + small, tick))]
        if price is not None and price.bid is not None and price.ask is not None:
            mid = tick_down((price.bid + price.ask) / 2, tick)
            seen = [("Bid", price.bid), *([("Mid", mid)] if price.bid < mid < price.ask else []), ("Ask", price.ask)]
        ways = (Product.NRML, Product.MIS) if draft.instrument.is_derivative else (Product.CNC, Product.MIS, Product.MTF)
        return ChangeOptions(
            quantities=tuple(each for each in sizes if each >= lot and (most is None or each <= most)),
            steps=tuple((name, each) for name, each in steps if each > 0),
            seen=tuple(seen),
            products=tuple(way for way in ways if way is not draft.product) if old.purpose is Purpose.PLACE and not most else (),
        )

    async def _closable(self, actor: Actor, old: Confirmation, draft: OrderDraft) -> int | None:
        """How much a card's order could close. None: it opens, or nobody can say now."""
        held = await known(self._proposing.held_for(actor, draft))
        if held is None:
            return None

        def read(db: Repositories) -> Situation:
            before = db.orders.find(old.order_id) if old.order_id is not None else None
            return self._proposing.situation(db, old.account_id, draft, held, before=before)

        situation = await self._store.transaction(read)
        return situation.closable if situation.reduces else None

    async def again(self, actor: Actor, token: str, *, chat_id: int) -> Proposal:
        """The same order as on a card that is over, asked anew at the price of now."""
        old = await self._mine(actor, token, chat_id)
        if old.draft is None or old.purpose is not Purpose.PLACE:
            raise ConfirmationGone("This card cannot be asked again. Type the command anew.")
        if old.state is ConfirmationState.CLAIMED:
            raise ConfirmationGone("This card was answered already; its order has a card of its own.")
        plan = await self._store.transaction(lambda db: self._confirmations.plan_of(db, old))
        await self._store.transaction(lambda db: db.confirmations.close(token, ConfirmationState.REPLACED))
        attached = Attached.of(plan) if plan is not None else None
        as_exit = self._confirmations.is_exit(token)
        return await self.propose(actor, request_of(old.draft), chat_id=chat_id, attached=attached, as_exit=as_exit)

    async def same_again(self, actor: Actor, order_id: str, *, chat_id: int) -> Proposal:
        """The same order once more, at the price of now."""
        order = await self._store.transaction(lambda db: own_order(db, actor, order_id))
        request = request_of(order.draft)
        if order.status is OrderStatus.REJECTED:  # a market order that was refused is asked with a worst price
            request = replace(request, market=False)
        return await self.propose(actor, request, chat_id=chat_id, as_exit=order.closes is True)

    async def modify(
        self,
        actor: Actor,
        number: int,
        *,
        price: Decimal | None,
        quantity: int | None,
        chat_id: int,
        limit: Decimal | None = None,
    ) -> Proposal:
        """New terms for a working order, as a question. price: of a stop that waits its trigger. limit: its worst price."""
        account, connection = self._proposing.connection(actor)
        day = ist_date(self._clock.now())

        def find(db: Repositories) -> Order:
            demand_role(db, actor, Permission.OPEN, "You may not change an order here any more.")
            return order_by_number(db, account.id, day, number)

        order = await self._store.transaction(find)
        if not order.status.is_working or order.broker_id is None:
            raise CheckFailed([f"#{number} is {order.status.lower()}: there is nothing to change."])
        if order.draft.kind is OrderKind.MARKET:
            raise CheckFailed([f"#{number} is a market order: it has no price to change."])
        request = request_of(order.draft)
        request = replace(request, price=order.draft.price)
        waits = order.status is OrderStatus.TRIGGER_PENDING
        if limit is not None and not waits:
            raise CheckFailed([f"#{number} waits for no trigger: it has one price. Nothing was changed."])
        if order.draft.trigger is not None and not waits:  # it was triggered: a limit is all that it can be now
            request = replace(request, trigger=None, trigger_limit=None, price=price or order.draft.price)
        elif price is not None:
            market = request.market and limit is None
            stop = replace(request, trigger=price, trigger_limit=limit, market=market)
            request = stop if waits else replace(request, price=price)
        if quantity is not None:
            request = sized(request, quantity)
        seen = await self._proposing.prices.of(account.id, order.draft.instrument.key)
        draft, said = self._proposing.drafting.draft(request, order.draft.instrument, seen, order.draft.product)
        draft = replace(draft, session=order.draft.session)
        held = await self._proposing.held_for(actor, draft)
        draft, moved = await self._proposing.at_band_edge(account.id, draft, seen, held, before=order)
        if draft.quantity <= order.filled:
            raise CheckFailed([f"{order.filled} of #{number} are filled already."])
        confirmation = self._confirmations.new(actor, chat_id, Purpose.MODIFY, draft=draft, order_id=order.id, before=order.draft)
        return await self._proposing.ask(
            actor,
            account,
            connection,
            confirmation,
            price=seen,
            held=held,
            said=(*said, *moved),
            before=order,
        )

    async def ask_anew(
        self,
        actor: Actor,
        old: Confirmation,
        request: OrderRequest,
        *,
        redrawn: str | None,
        attached: Attached | None = None,
    ) -> Proposal:
        """The same message with new terms: the old question is replaced in the transaction that stores the new one.

        attached: instead of what the old card had attached to the entry. An empty one is nothing.
        """
        account, connection = self._proposing.connection(actor)
        terms = terms_of(old)
        instrument = self._proposing.instruments.by_key(terms.instrument.key) or terms.instrument
        price = await self._proposing.prices.of(account.id, instrument.key)
        product = request.product or terms.product
        draft, said = self._proposing.drafting.draft(request, instrument, price, product)
        draft = replace(draft, session=terms.session)
        before = await self._store.transaction(lambda db: db.orders.find(old.order_id) if old.order_id is not None else None)
        held = await self._proposing.held_for(actor, draft)
        draft, moved = await self._proposing.at_band_edge(account.id, draft, price, held, before=before)
        plan = await self._store.transaction(lambda db: self._confirmations.plan_of(db, old))
        calm = redrawn is not None
        if old.purpose is Purpose.PLACE:
            if attached is None and plan is not None:
                attached = Attached.of(plan)
                if attached.joins is not None:  # as it stands now
                    stop = await self._proposing.joins(account.id, draft, held)
                    attached = stop.attached if stop is not None and stop.fits else None
            entry = Entry(draft=draft, price=price, attached=attached, held=held)
            new, plan = self._proposing.attaching.question(actor, old.chat_id, entry, message_id=old.message_id, calm=calm)
            said = (*sent_for(draft.session), *said)
        else:
            new = self._confirmations.new(
                actor,
                old.chat_id,
                old.purpose,
                draft=draft,
                order_id=old.order_id,
                before=before.draft if before is not None else None,
                message_id=old.message_id,
                calm=calm,
            )
        try:
            return await self._proposing.ask(
                actor,
                account,
                connection,
                new,
                price=price,
                held=held,
                said=(*said, *moved),
                before=before,
                replaces=old.token,
                redrawn=redrawn,
                plan=plan,
            )
        except CheckFailed as refusal:
            if redrawn is not None:  # its Confirm was tapped: that is answered with the reasons, which stay on the card
                reasons = refusal.reasons
                await self._store.transaction(lambda db: db.confirmations.close(old.token, ConfirmationState.REFUSED, reasons))
            raise

    async def _mine(self, actor: Actor, token: str, chat_id: int) -> Confirmation:
        question = await self._store.transaction(lambda db: db.confirmations.find(token))
        if question is None or (question.user_id, question.chat_id) != (actor.user.telegram_id, chat_id):
            raise ConfirmationGone("I don't know this card. Nothing was sent.")
        return question


def asked_as(draft: OrderDraft) -> OrderRequest:
    """The request that leads to this draft again, with its price as it stands."""
    request = request_of(draft)
    return request if draft.protected or draft.price is None else replace(request, price=draft.price)


def terms_of(confirmation: Confirmation) -> OrderDraft:
    if confirmation.draft is None:
        raise ConfirmationGone("This card has no order behind it.")
    return confirmation.draft
