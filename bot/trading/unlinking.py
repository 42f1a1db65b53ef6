"""Unlinking an account: asked again in words, and its work is ended before its connection is."""

import asyncio
import logging
from dataclasses import dataclass, replace

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError, CheckFailed, NotFound
from bot.domain.news.people import ActionKind
from bot.domain.orders.confirmation import Purpose
from bot.domain.orders.order import LOOKED_FOR, Order, OrderStatus
from bot.domain.people.account import Account, Actor, Permission
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import Position
from bot.domain.proposals.proposal import Unlinked, UnlinkQuestion
from bot.trading.account.accounts import Accounts
from bot.trading.actor import demand_role
from bot.trading.orders.confirmations import Confirmations
from bot.trading.safety.announce import tell_of
from bot.trading.safety.pins import demand_pin
from bot.trading.sessions.logins import Logins, lived
from bot.trading.sync.reconcile import Reconcile

log = logging.getLogger(__name__)

PATIENCE = 5.0  # seconds for the logout at the broker
OPEN_OUTCOME = LOOKED_FOR - {OrderStatus.NOT_SEEN}  # an order that a person closed is waited for no more
_NO_OWNER = "Only an owner of the account unlinks it."


@dataclass(slots=True, kw_only=True)
class Unlinking:
    """Destroys an account's secrets. What the account was stays in the records, for the day on which it is linked again."""

    store: Store
    connections: BrokerConnections
    accounts: Accounts
    logins: Logins
    reconcile: Reconcile
    confirmations: Confirmations
    clock: Clock

    async def ask(self, actor: Actor, label: str, *, chat_id: int) -> UnlinkQuestion:
        """Asks again before it is done, and names what is open. CheckFailed while an order's outcome is."""
        owner = await self.accounts.actor(actor.user.telegram_id, label)
        if owner is None or owner.account is None:
            raise NotFound(f"There is no account “{label}”.")
        account = owner.account
        positions, unread = await self._books(account.id)
        confirmation = self.confirmations.new(owner, chat_id, Purpose.UNLINK)

        def write(db: Repositories) -> UnlinkQuestion:
            demand_role(db, owner, Permission.ADMIN, _NO_OWNER)
            question = UnlinkQuestion(
                confirmation=confirmation,
                account=account,
                orders=_open_orders(db, account),
                positions=positions,
                unread=unread,
                trails=sum(plan.account_id == account.id and plan.trails for plan in db.plans.alive()),
                pnl_exits=sum(each.account_id == account.id for each in db.pnl_exits.alive()),
                standing_stops=len(db.standing_stops.of(account.id)),
            )
            db.confirmations.add(confirmation)
            return question

        return await self.store.transaction(write)

    async def _books(self, account_id: str) -> tuple[tuple[Position, ...], str | None]:
        """Open positions, after a look at the orders, or why the books could not be read."""
        try:
            await self.reconcile.sync(account_id)
            positions = await self.connections.of(account_id).broker.positions()
        except BrokerError as error:
            return (), error.say
        return tuple(position for position in positions if position.is_open), None

    async def confirm(self, actor: Actor, token: str, *, chat_id: int, message_id: int) -> Unlinked:
        """Destroys the secrets in one transaction. Then logs out, lets what is under way end, and closes the connection.

        From that transaction on no card of the account can be confirmed. ConfirmationGone when the question is not open to
        this tap, CheckFailed when an order's outcome became open after it was asked.
        """

        def asked(db: Repositories) -> str:
            fits = frozenset({Purpose.UNLINK})
            return self.confirmations.open_one(db, actor, token, chat_id, message_id, fits=fits).account_id

        account_id = await self.store.transaction(asked)
        async with self.logins.alone(account_id):  # no login and no renewal meanwhile

            def destroy(db: Repositories) -> Account:
                asked(db)
                return self._destroy(db, actor, token)

            account = await self.store.transaction(destroy)
            try:
                logged_out = await self._log_out(account.id)
            finally:
                await self.connections.close(account.id)
                self.reconcile.forget(account.id)
                self.logins.forget(account.id)
        return Unlinked(account=account, logged_out=logged_out)

    def _destroy(self, db: Repositories, actor: Actor, token: str) -> Account:
        now, person = self.clock.now(), actor.user.telegram_id
        question = db.confirmations.find(token)
        account = db.accounts.find(question.account_id) if question is not None else None
        if question is None or account is None:
            raise NotFound("That account is not linked any more.")
        demand_role(db, replace(actor, account=account), Permission.ADMIN, _NO_OWNER)
        orders = _open_orders(db, account)
        self.confirmations.claim(db, question)
        demand_pin(db, person, token, f"Unlinking {account.label}: your PIN, please.")
        db.confirmations.refuse_on(account.id, f"{account.label} was unlinked.")
        db.alerts.end_on(account.id)
        db.pnl_exits.end_on(account.id)
        db.later_cards.end_on(account.id)
        db.standing_stops.end_on(account.id)
        db.plans.end_on(account.id, "unlinked")  # nothing of them is watched any more; what rests at mStock stays
        before = f"{account.label} {account.client}, {lived(db.accounts.session(account.id))}"
        tell_of(db, account.id, person, ActionKind.UNLINKED, now)
        db.accounts.remove(account.id)
        after = f"its secrets are destroyed, {len(orders)} open orders stay at mStock"
        db.audit.add(now, person, "unlink", account.id, before=before, after=after)
        return account

    async def _log_out(self, account_id: str) -> bool:
        """Ends the session, here in any case. Returns whether it is over at the broker as well."""
        try:
            connection = self.connections.of(account_id)
            if connection.session is not None:
                async with asyncio.timeout(PATIENCE):
                    await connection.broker.logout()
                connection.adopt(None)
        except (BrokerError, TimeoutError) as error:
            log.warning("account %s: logout at the broker: %s", account_id, type(error).__name__)
            return False
        return True


def _open_orders(db: Repositories, account: Account) -> tuple[Order, ...]:
    """What rests at the exchange. CheckFailed while nobody knows what became of an order."""
    unsettled = db.orders.unsettled(account.id)
    unclear = [f"#{order.number}" for order in unsettled if order.status in OPEN_OUTCOME]
    if unclear:
        raise CheckFailed([f"The outcome of {' and '.join(unclear)} on {account.label} is still open. Unlink once it is known."])
    return tuple(order for order in unsettled if order.status.is_working)
