"""Who acts on which account: a person's accounts, the one in use, and the people of the house."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.clock import Clock
from bot.domain.errors import NotFound
from bot.domain.people.account import Account, Actor, Permission, Role, User
from bot.domain.ports.repositories import Repositories, Store
from bot.trading.actor import account_of, demand_role

CHOSEN_LIFE = timedelta(minutes=30)  # /use falls back to the default after this


@dataclass(slots=True, kw_only=True)
class Accounts:
    """Reads the linked accounts through the roles that a person has on them."""

    store: Store
    clock: Clock

    async def actor(self, telegram_id: int, label: str | None = None) -> Actor | None:
        """Who acts on which account. None when not on the list, NotFound when no account of theirs has that label."""
        now = self.clock.now()

        def find(db: Repositories) -> Actor | None:
            user = db.people.find(telegram_id)
            if user is None or not user.active:
                return None
            account = _account(db, telegram_id, label, now)
            role = db.people.role_on(telegram_id, account.id if account else None)
            if role is None:
                return None
            phone_locked = db.pins.phone_locked_since(telegram_id) is not None
            return Actor(user=user, role=role, account=account, phone_locked=phone_locked)

        return await self.store.read(find)

    async def all(self, actor: Actor) -> tuple[tuple[Account, Role], ...]:
        """Every account this person may see, with the role on it. The default one first."""

        def read(db: Repositories) -> tuple[tuple[Account, Role], ...]:
            roles = ((account, db.people.role_on(actor.user.telegram_id, account.id)) for account in db.accounts.all())
            return tuple((account, role) for account, role in roles if role is not None)

        return await self.store.transaction(read)

    async def use(self, actor: Actor, label: str) -> Account:
        """The account that the next words go to, for 30 minutes."""
        now = self.clock.now()

        def choose(db: Repositories) -> Account:
            account = _account(db, actor.user.telegram_id, label, now)
            if account is None:
                raise NotFound("No account is linked yet.")
            db.accounts.choose(actor.user.telegram_id, account.id, now + CHOSEN_LIFE)
            return account

        return await self.store.transaction(choose)

    async def ddpi(self, actor: Actor, *, on_file: bool | None) -> tuple[Account, bool | None]:
        """The account in use, and whether a DDPI of it is on file. on_file: what the owner says of that, if anything."""
        account, now = account_of(actor), self.clock.now()

        def say(db: Repositories) -> bool | None:
            before = db.flags.ddpi(account.id)
            if on_file is None:
                return before
            demand_role(db, actor, Permission.ADMIN, "Only an owner says that.")
            db.flags.say_ddpi(account.id, now, on_file=on_file)
            was = "not said" if before is None else "yes" if before else "no"
            db.audit.add(now, actor.user.telegram_id, "ddpi", account.id, before=was, after="yes" if on_file else "no")
            return on_file

        return account, await self.store.transaction(say)

    async def people(self, actor: Actor) -> tuple[tuple[User, str | None, Role], ...]:
        """(person, label of the account or None for all, role)."""

        def read(db: Repositories) -> tuple[tuple[User, str | None, Role], ...]:
            demand_role(db, actor, Permission.ADMIN, "Only an owner sees the list of people.")
            labels = {account.id: account.label for account in db.accounts.all()}
            return tuple((user, labels.get(on) if on else None, role) for user, on, role in db.people.all())

        return await self.store.transaction(read)


def _account(db: Repositories, telegram_id: int, label: str | None, now: datetime) -> Account | None:
    """The account of that label, else the one in use, else the person's first. None without any."""
    mine = [account for account in db.accounts.all() if db.people.role_on(telegram_id, account.id) is not None]
    if label is not None:
        for account in mine:
            if account.label.casefold() == label.casefold():
                return account
        names = ", ".join(account.label for account in mine) or "none"
        raise NotFound(f"There is no account “{label}”. Yours: {names}.")
    chosen = db.accounts.chosen(telegram_id, now, now + CHOSEN_LIFE)
    for account in mine:
        if account.id == chosen:
            return account
    return mine[0] if mine else None
