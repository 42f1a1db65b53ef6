"""Cards of later: kept while the market is closed, told in the morning, asked when it is open, and never sent by themselves."""

from collections import defaultdict

from bot.domain.clock import Clock, ist, ist_date
from bot.domain.errors import CheckFailed, NotFound
from bot.domain.news.orders.later_cards import LaterCardDue, LaterCardsAhead
from bot.domain.orders.confirmation import ConfirmationState, Purpose
from bot.domain.orders.order_text import record_line, request_line, request_of
from bot.domain.people.account import Actor, Permission
from bot.domain.plans.plan import Attached
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.proposals.later_card import LaterCard, LaterState, due_at
from bot.domain.proposals.proposal import Proposal
from bot.domain.value import value
from bot.runtime.scheduler import Occasion
from bot.trading.actor import account_of, demand_role
from bot.trading.orders.confirmations import Confirmations
from bot.trading.proposals.proposals import Proposals, terms_of

_NO = "You may not trade here any more."


@value
class LaterCards:
    """What a person wants to be asked again."""

    store: Store
    proposals: Proposals
    confirmations: Confirmations
    clock: Clock

    async def keep(self, actor: Actor, token: str, *, chat_id: int, message_id: int) -> LaterCard:
        """Keeps the order of a card that the market does not take now. The card's own question is over.

        CheckFailed where the market takes it again already, ConfirmationGone where the card is not open to this tap.
        """
        opens = await self.proposals.opens(actor, token)
        now = self.clock.now()

        def write(db: Repositories) -> LaterCard:
            question = self.confirmations.open_one(db, actor, token, chat_id, message_id, fits={Purpose.PLACE})
            demand_role(db, actor, Permission.REDUCE, _NO)
            draft = terms_of(question)
            if opens is None:
                near = [("Ask again", request_line(request_of(draft)))]
                raise CheckFailed(["The market takes this now."], near=near)
            plan = self.confirmations.plan_of(db, question)
            attached = Attached.of(plan) if plan is not None else Attached()
            card = LaterCard(
                account_id=question.account_id,
                by=question.user_id,
                draft=draft,
                attached=attached if attached != Attached() else None,
                closes=self.confirmations.is_exit(token),
                due=due_at(opens),
                made_at=now,
            )
            db.confirmations.close(token, ConfirmationState.REPLACED)
            terms = f"{record_line(draft, ist_date(now))} at {ist(card.due):%d %b %H:%M}"
            db.audit.add(now, card.by, "card later", card.account_id, before="none", after=terms)
            return db.later_cards.add(card)

        return await self.store.transaction(write)

    async def show(self, actor: Actor, card_id: int, *, chat_id: int) -> Proposal:
        """The question, at the price of now. CheckFailed on any day but its own. NotFound for no card of theirs."""
        card = await self.store.transaction(lambda db: _own(db, actor, card_id))
        now = self.clock.now()
        if ist_date(now) != ist_date(card.due):
            when = "It comes on" if now < card.due else "It was for"
            raise CheckFailed([f"{when} {ist(card.due):%a %d %b, %H:%M}. Nothing was sent."])
        proposal = await self.proposals.propose(actor, card.request, chat_id=chat_id, attached=card.attached)
        if proposal.opens is None:
            await self.store.transaction(lambda db: db.later_cards.move(card.id, LaterState.SHOWN))
        return proposal

    async def drop(self, actor: Actor, card_id: int) -> LaterCard:
        """It will not be asked. NotFound for one that is over, or another's."""

        def write(db: Repositories) -> LaterCard:
            card = _own(db, actor, card_id)
            db.later_cards.move(card.id, LaterState.DROPPED)
            return card

        return await self.store.transaction(write)

    async def tell_ahead(self, occasion: Occasion) -> None:
        """In the morning: which cards come today, each person's own, once a date."""
        now = self.clock.now()

        def write(db: Repositories) -> None:
            theirs: dict[tuple[str, int], list[LaterCard]] = defaultdict(list)
            for card in db.later_cards.open([LaterState.WAITING]):
                if ist_date(card.due) == occasion.day:
                    theirs[card.account_id, card.by].append(card)
            for (account_id, person), cards in theirs.items():
                if db.flags.claim_card(f"later cards of {person}", account_id, occasion.day, now):
                    db.outbox.add(account_id, [person], LaterCardsAhead(cards=tuple(cards)), now, order_id=None)

        await self.store.transaction(write)

    async def tell_due(self, _: Occasion) -> None:
        """When the market is open: each card rings once, whenever its time was."""
        now = self.clock.now()

        def write(db: Repositories) -> None:
            for card in db.later_cards.open([LaterState.WAITING]):
                if card.due <= now and db.later_cards.move(card.id, LaterState.DUE):
                    db.outbox.add(card.account_id, [card.by], LaterCardDue(card=card), now, order_id=None)

        await self.store.transaction(write)


def _own(db: Repositories, actor: Actor, card_id: int) -> LaterCard:
    card, account = db.later_cards.find(card_id), account_of(actor)
    if card is None or (card.account_id, card.by) != (account.id, actor.user.telegram_id):
        raise NotFound("I don't know this card. Nothing was sent.")
    if card.state not in (LaterState.WAITING, LaterState.DUE):
        raise NotFound(f"This card is over ({card.state.lower()}). Nothing was sent.")
    return card
