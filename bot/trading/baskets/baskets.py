"""What a person does with a basket: asks, confirms once, discards, and answers when a part of it waits in vain."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.errors import BrokerError, CheckFailed, ConfirmationGone, WordsWanted
from bot.domain.exits.exit_list import ExitList, ExitRow, ExitsShown, RowState
from bot.domain.money import in_figures
from bot.domain.orders.confirmation import Confirmation, ConfirmationState, Purpose
from bot.domain.orders.order import OrderDraft
from bot.domain.orders.order_text import request_of
from bot.domain.people.account import Actor, Permission
from bot.domain.plans.basket import BasketCard, BasketChange, BasketMargins
from bot.domain.ports.repositories import Repositories
from bot.domain.terms import Side
from bot.domain.value import value
from bot.runtime.background import BackgroundTasks
from bot.trading.actor import account_of, demand_role
from bot.trading.baskets.basket_builder import NO, Asked, BasketBuilder, BasketLine
from bot.trading.baskets.judging import Whole
from bot.trading.checks.beside import sent_meanwhile
from bot.trading.drafts.held import Held
from bot.trading.exit_lists.exit_names import record
from bot.trading.exit_runs.exit_runner import ExitRunner
from bot.trading.exits.exit_state import shown
from bot.trading.orders.sending import Answered
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.safety.pins import demand_pin, why_pin

log = logging.getLogger(__name__)

OF_BEFORE = "I was restarted after this card. Nothing was sent."


@value
class Baskets:
    """One Confirm for all of it. Each order is sent by the runner of lists, at most once."""

    proposing: ProposalBuilder
    builder: BasketBuilder
    runner: ExitRunner
    background: BackgroundTasks

    async def propose(self, actor: Actor, lines: Sequence[BasketLine], *, chat_id: int) -> BasketCard:
        """The card of what the lines order. Raises before anything is asked when a check refuses, the line named."""
        return await self.builder.of_lines(actor, lines, Asked(chat_id=chat_id))

    async def again(self, actor: Actor, token: str, *, chat_id: int) -> BasketCard:
        """The same orders as on a card that is over, asked anew at the price of now."""
        question, rows = await self._of(actor, token, chat_id)
        if question.state is ConfirmationState.CLAIMED:
            raise ConfirmationGone("This card was answered already; what became of it stands on it.")
        return await self.builder.of_drafts(actor, [row.draft for row in rows], Asked(chat_id=chat_id, replaces=token))

    async def change(self, actor: Actor, token: str, change: BasketChange, *, chat_id: int) -> BasketCard:
        """Every order changed alike, in the same message: a new question, and the old one is dead."""
        question, rows = await self._of(actor, token, chat_id)
        if question.state is not ConfirmationState.OPEN:
            raise ConfirmationGone("This card is closed. Nothing was sent.")
        asked = Asked(chat_id=chat_id, message_id=question.message_id, replaces=token)
        return await self.builder.changed(actor, [row.draft for row in rows], change, asked)

    async def drafts(self, actor: Actor, token: str, *, chat_id: int) -> Sequence[OrderDraft]:
        """The orders of this person's own card, whatever became of it."""
        _, rows = await self._of(actor, token, chat_id)
        return [row.draft for row in rows]

    async def _of(self, actor: Actor, token: str, chat_id: int) -> tuple[Confirmation, Sequence[ExitRow]]:
        def read(db: Repositories) -> tuple[Confirmation | None, ExitList | None]:
            return db.confirmations.find(token), db.exit_lists.find(token)

        question, exits = await self.proposing.store.transaction(read)
        mine = question is not None and (question.user_id, question.chat_id) == (actor.user.telegram_id, chat_id)
        if question is None or exits is None or not mine or question.purpose is not Purpose.BASKET:
            raise ConfirmationGone("I don't know this card. Nothing was sent.")
        return question, exits.rows

    async def margins(self, actor: Actor, token: str, *, chat_id: int) -> BasketMargins:
        """What the card's entries block together by each of the broker's two routes. BrokerError where it tells neither."""
        account, connection = self.proposing.connection(actor)
        _, rows = await self._of(actor, token, chat_id)
        drafts = [row.draft for row in rows if row.enters]
        if not drafts:
            raise CheckFailed(["All of it closes what is held: it blocks nothing."])
        plain = (await connection.broker.margin_of_all(drafts)).required
        try:
            basket = (await connection.broker.margin_by_basket(drafts)).required
        except BrokerError as error:
            log.info("account %s: no margin by the basket route: %s", account.id, type(error).__name__)
            basket = None
        return BasketMargins(account=account, plain=plain, basket=basket)

    async def confirm(
        self,
        actor: Actor,
        token: str,
        *,
        chat_id: int,
        message_id: int,
        in_words: bool = False,
        answered: Answered | None = None,
    ) -> ExitsShown | BasketCard:
        """Claims the question and begins what it licenses, once. A new card where it has to be asked anew.

        in_words: the button is the one that answers its question in words. ConfirmationGone, CheckFailed, WordsWanted and
        PinWanted as for one order.
        """
        account, connection = self.proposing.connection(actor)
        question, exits = await self.proposing.store.transaction(
            lambda db: self._open(db, actor, token, chat_id=chat_id, message_id=message_id, in_words=in_words)
        )
        reasons: tuple[str, ...] = ()
        anew = self._ran_away(exits)
        if anew is None:
            wanted = [(row.draft.instrument, request_of(row.draft)) for row in exits.rows]
            reading = self.builder.held(account.id, wanted), self.proposing.result(account.id, connection)
            held, result = await asyncio.gather(*reading)
            held = replace(held, result=result)
            anew, reasons = await self.proposing.store.transaction(lambda db: self._second(db, actor, question, exits, held))
        if anew is not None:
            asked = Asked(chat_id=chat_id, message_id=message_id, replaces=token, redrawn=anew)
            try:
                return await self.builder.of_drafts(actor, [row.draft for row in exits.rows], asked)
            except CheckFailed as refusal:
                why = refusal.reasons
                await self.proposing.store.transaction(lambda db: db.confirmations.close(token, ConfirmationState.REFUSED, why))
                raise
        if reasons:
            raise CheckFailed(reasons)
        if answered is not None:
            await answered()
        await asyncio.shield(self.background.start(self.runner.carry_on(token), f"basket {token}"))
        return await self.shown(actor, token)

    def _open(
        self, db: Repositories, actor: Actor, token: str, *, chat_id: int, message_id: int, in_words: bool
    ) -> tuple[Confirmation, ExitList]:
        confirmations = self.proposing.confirmations
        question = confirmations.open_one(db, actor, token, chat_id, message_id, fits=frozenset({Purpose.BASKET}))
        exits = db.exit_lists.find(token)
        if exits is None or actor.account is None or actor.account.id != question.account_id:
            raise ConfirmationGone("This card belongs to another account. Nothing was sent.")
        if confirmations.too_early(question):
            raise ConfirmationGone("New figures. Read, then tap.")
        if confirmations.is_of_before(question):
            raise ConfirmationGone(OF_BEFORE, again=True)
        reasons = confirmations.weight(token)
        if reasons and not (in_words and confirmations.was_asked_again(token)):
            confirmations.ask_again(token)
            raise WordsWanted(" ".join(reasons), reasons=reasons)
        return question, exits

    def _ran_away(self, exits: ExitList) -> str | None:
        """Why the card would no longer fill: a worst price that the other side has passed, or another lot."""
        for row in exits.rows:
            draft = row.draft
            listed = self.proposing.instruments.by_key(draft.instrument.key)
            if listed is not None and listed.lot != draft.instrument.lot:
                return f"A lot of {listed.symbol} is {listed.lot} now, no longer {draft.instrument.lot}."
            best = self.proposing.prices.touch(exits.account_id, draft.instrument.key, draft.side)
            if not draft.protected or draft.price is None or best is None:
                continue
            if (best - draft.price) * draft.side.sign > 0:
                name = "ask" if draft.side is Side.BUY else "bid"
                return f"{row.number + 1}: the {name} is {in_figures(best)} now; it would no longer fill."
        return None

    def _second(
        self, db: Repositories, actor: Actor, question: Confirmation, exits: ExitList, held: Held
    ) -> tuple[str | None, tuple[str, ...]]:
        """Why it is asked anew, as one of its entries was sent after the card, or else its claim."""
        entries = [row.draft for row in exits.rows if row.enters]
        anew = sent_meanwhile(db, question, entries, self.builder.today)
        return (anew, ()) if anew is not None else (None, self._claim(db, actor, question, exits, held))

    def _claim(self, db: Repositories, actor: Actor, question: Confirmation, exits: ExitList, held: Held) -> tuple[str, ...]:
        """Reads again all that may have changed since the card, and lets the plan begin. Every reason against it otherwise."""
        confirmations, now = self.proposing.confirmations, self.proposing.clock.now()
        role = demand_role(db, actor, Permission.OPEN, NO)
        confirmations.claim(db, question)
        judgement = self.builder.judge.judge(db, exits.account_id, role, Whole(rows=exits.rows, held=held))
        reasons = judgement.reasons
        if self.proposing.connections.session_of(exits.account_id, now) is None:
            reasons = ("The session with mStock ended. /login, then ask again. Nothing was sent.",)
        elif not reasons:
            limits = db.limits.on(exits.account_id, self.builder.today)
            person = actor.user.telegram_id
            if (pin := why_pin(db, person, exits.account_id, value=judgement.value, limits=limits, now=now)) is not None:
                demand_pin(db, person, question.token, pin)  # raising it rolls the claim back: the question stays open
        if reasons:
            db.confirmations.close(question.token, ConfirmationState.REFUSED, reasons)
            return reasons
        if not db.plans.begin(question.token):
            raise ConfirmationGone("This basket was begun already.")
        begun = replace(exits, began_at=now)
        for row in exits.rows:
            if (touch := self.proposing.prices.touch(exits.account_id, row.draft.instrument.key, row.draft.side)) is not None:
                begun = begun.with_row(replace(row, seen=touch))
        db.exit_lists.save(begun)
        db.audit.add(now, exits.by, "basket", exits.account_id, before="asked", after=record(exits))
        return ()

    async def shown(self, actor: Actor, token: str) -> ExitsShown:
        """A basket as it stands now. NotFound for one of another account."""
        account, now = account_of(actor), self.proposing.clock.now()
        return await self.proposing.store.transaction(lambda db: shown(db, account, token, now))

    async def go_on(self, actor: Actor, token: str, *, bare: bool = False) -> ExitsShown:
        """Sends what waits for its cover all the same. WordsWanted first where a short would stand without it.

        bare: the person read that and said yes.
        """
        if not bare and (left := bare_if_sent(await self.shown(actor, token))):
            names = " and ".join(str(row.number + 1) for row in left)
            say = f"Order {names} would be sold without the cover that it waits for: its loss has no floor."
            raise WordsWanted(say, reasons=(say,))
        await self.runner.answer(actor, token, go_on=True)
        return await self.shown(actor, token)

    async def stop_here(self, actor: Actor, token: str) -> ExitsShown:
        """Strikes off what was not sent yet."""
        await self.shown(actor, token)
        await self.runner.answer(actor, token, go_on=False)
        return await self.shown(actor, token)


def bare_if_sent(way: ExitsShown) -> list[ExitRow]:
    """Shorts that still wait for the fill of what covers them."""
    exits, orders = way.exits, way.orders
    return [row for row in exits.rows if row.enters and exits.state(row, orders) is RowState.WAITS]
