"""Who joins and who leaves: one-time links made by an owner, removal that works at once, and news of whoever tries to come in."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.clock import Clock
from bot.domain.errors import CheckFailed, NotAllowed, NotFound
from bot.domain.news.people import PersonJoined, PersonRemoved, Tried
from bot.domain.people.access import Invitation, Invited, Welcome
from bot.domain.people.account import Actor, Permission, Role, User
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import RandomBytes
from bot.domain.ports.repositories import Repositories, Store
from bot.trading.actor import demand_role
from bot.trading.people.allowlist import Allowlist
from bot.trading.safety.announce import tell_owners
from bot.trading.safety.pins import demand_pin
from bot.trading.safety.striking import OFF_THE_LIST, strike_entries, strike_without_right, tell_what_lives_on

LIFE = timedelta(minutes=10)
LONGEST_NAME = 64  # characters of a name that a stranger chose
MOST_NEWS = 20  # notices of trying in an hour, whoever tries


@dataclass(slots=True, kw_only=True)
class Invitations:
    """The list of people, as the chat changes it."""

    store: Store
    allowlist: Allowlist
    clock: Clock
    random: RandomBytes

    async def invite(self, actor: Actor, role: Role, label: str | None) -> Invited:
        """A link for one person, ten minutes and one use. It is 128 random bits, of which only the digest is kept.

        label: of one account. None for all. PinWanted where the owner has a PIN, NotFound for a label that is not there.
        """
        now, person = self.clock.now(), actor.user.telegram_id
        code = base64.b32encode(self.random(16)).decode().rstrip("=").lower()

        def write(db: Repositories) -> Invited:
            demand_role(db, actor, Permission.ADMIN, "Only an owner invites people.")
            account_id, name = _owned(db, person, label)
            demand_pin(db, person, f"invite:{role}:{account_id}", "Inviting somebody: your PIN, please.")
            asked = Invitation(
                digest=digest(code), role=role, account_id=account_id, made_by=person, made_at=now, expires_at=now + LIFE
            )
            db.invitations.add(asked)
            after = f"a link for a {role} of {name or 'every account'} until {asked.expires_at:%H:%M} UTC"
            db.audit.add(now, person, "invited", account_id, before="", after=after)
            return Invited(code=Secret(code), role=role, label=name, expires_at=asked.expires_at)

        return await self.store.transaction(write)

    async def join(self, telegram_id: int, name: str, code: str) -> Welcome | str | None:
        """Somebody came with a code: a Welcome, words for one whose link is over, or None for a code that nobody made.

        A person who is on the list keeps the role. An invitation neither raises nor lowers it.
        """
        now = self.clock.now()
        known_as = " ".join(name.split())[:LONGEST_NAME] or str(telegram_id)

        def write(db: Repositories) -> Welcome | str | None:
            invitation = db.invitations.find(digest(code))
            if invitation is None:
                self._tried(db, telegram_id, known_as, "came with a joining code that nobody made")
                return None
            if db.people.role_on(telegram_id, invitation.account_id) is not None:
                return "You are on the list already. /accounts shows what you may do."
            owner = db.people.find(invitation.made_by)
            still = owner is not None and _owns(db, invitation.made_by, invitation.account_id)
            taken = db.invitations.take(invitation.digest, telegram_id, now) if still else None
            if taken is None or owner is None:
                self._tried(db, telegram_id, known_as, "came with a joining link that was used or had expired")
                return "This link is over: it works once, for ten minutes. Ask for a new one."
            before = db.people.find(telegram_id)
            user = before or User(telegram_id=telegram_id, name=known_as)
            db.people.add(user, taken.role, taken.account_id, now)
            strike_without_right(db, telegram_id, now)
            db.audit.add(
                now, telegram_id, "joined", taken.account_id, f"invited by {taken.made_by}", before="no role", after=taken.role
            )
            everywhere = taken.account_id is None
            news = PersonJoined(
                name=user.name, telegram_id=telegram_id, role=taken.role, everywhere=everywhere, by=owner.name, at=now
            )
            tell_owners(db, news, now, account_id=taken.account_id)
            account = db.accounts.find(taken.account_id) if taken.account_id else None
            return Welcome(role=taken.role, label=account.label if account else None, by=owner.name)

        outcome = await self.store.transaction(write)
        if isinstance(outcome, Welcome):
            await self.allowlist.refresh()
        return outcome

    async def remove(self, actor: Actor, who: str) -> User:
        """Takes a person off the list at once, with every open question, waiting notice, PIN and invitation of theirs.

        who: the numeric id, or the name as it stands on the list. The last owner stays.
        """
        now, owner = self.clock.now(), actor.user.telegram_id

        def write(db: Repositories) -> User:
            demand_role(db, actor, Permission.ADMIN, "Only an owner takes people off the list.")
            user = _named(db, who)
            if any(not _owns(db, owner, account_id) for account_id, _ in db.people.roles(user.telegram_id)):
                raise NotAllowed(f"{user.name} is on accounts that you do not own.")
            others = [person for person, on, role in db.people.all() if role is Role.OWNER and on is None and person.active]
            if {person.telegram_id for person in others} == {user.telegram_id}:
                raise CheckFailed(["The last owner stays on the list. The host can change that: python -m bot people."])
            demand_pin(db, owner, f"remove:{user.telegram_id}", "Taking somebody off the list: your PIN, please.")
            before = roles_in_words(db, user.telegram_id)
            db.people.remove(user.telegram_id)
            strike_entries(db, None, OFF_THE_LIST, now, of=user.telegram_id)
            tell_what_lives_on(db, user.telegram_id, user.name, now)
            db.audit.add(now, owner, "person removed", None, _recorded(user), before=before, after="not on the list")
            tell_owners(db, PersonRemoved(name=user.name, telegram_id=user.telegram_id, by=actor.user.name, at=now), now)
            return user

        user = await self.store.transaction(write)
        await self.allowlist.refresh()
        return user

    async def tried(self, telegram_id: int, name: str, what: str) -> None:
        """Tells the owners of a refusal that looks like trying: one notice for each id and hour, and a bound for all of them."""
        await self.store.transaction(lambda db: self._tried(db, telegram_id, name, what))

    def _tried(self, db: Repositories, telegram_id: int, name: str, what: str) -> None:
        now = self.clock.now()
        if not db.flags.claim_tried_notice(telegram_id, now, MOST_NEWS):
            return  # nothing of a flood is kept
        db.audit.add(now, telegram_id, "refused", None, what, before="", after="")
        tell_owners(db, Tried(name=name[:LONGEST_NAME], telegram_id=telegram_id, what=what, at=now), now, but=telegram_id)


def put_on_list(db: Repositories, user: User, role: Role, account_id: str | None, now: datetime) -> None:
    """The host's own way: on the list, or another role there, on one account or (None) on all."""
    before = roles_in_words(db, user.telegram_id)
    db.people.add(user, role, account_id, now)
    strike_without_right(db, user.telegram_id, now)
    after = roles_in_words(db, user.telegram_id)
    db.audit.add(now, None, "person added", account_id, _recorded(user), before=before, after=after)


def take_off_list(db: Repositories, telegram_id: int, now: datetime) -> bool:
    """The host's own way, which knows no last owner. False for somebody who is not on the list."""
    user, before = db.people.find(telegram_id), roles_in_words(db, telegram_id)
    if user is None or not db.people.remove(telegram_id):
        return False
    strike_entries(db, None, OFF_THE_LIST, now, of=telegram_id)
    tell_what_lives_on(db, telegram_id, user.name, now)
    db.audit.add(now, None, "person removed", None, _recorded(user), before=before, after="not on the list")
    return True


def unlock(db: Repositories, telegram_id: int, now: datetime) -> bool:
    """Opens a sealed phone and takes its PIN away. False when it was neither sealed nor had one."""
    locked, had_pin = db.pins.unlock_phone(telegram_id), db.pins.remove(telegram_id)
    before = f"{'sealed' if locked else 'open'}, {'with' if had_pin else 'without'} a PIN"
    db.audit.add(now, None, "unlocked", None, str(telegram_id), before=before, after="open, without a PIN")
    return locked or had_pin


def _recorded(user: User) -> str:
    """Whom an act was about, for the record: the name too, which is known nowhere else once somebody is off the list."""
    return f"{user.telegram_id} {user.name}"


def roles_in_words(db: Repositories, telegram_id: int) -> str:
    """What a person may do and where, as the record of acts has it."""
    labels = {account.id: account.label for account in db.accounts.all()}
    roles = db.people.roles(telegram_id)
    return ", ".join(f"{role} of {labels.get(on, on) if on else 'every account'}" for on, role in roles) or "not on the list"


def digest(code: str) -> str:
    """What is kept of a code. It holds 128 random bits, so a plain hash cannot be searched."""
    return hashlib.sha256(code.encode()).hexdigest()


def _owns(db: Repositories, telegram_id: int, account_id: str | None) -> bool:
    return db.people.role_on(telegram_id, account_id) is Role.OWNER


def _owned(db: Repositories, person: int, label: str | None) -> tuple[str | None, str | None]:
    """(account id, label) that this person may invite to."""
    if label is None:
        if not _owns(db, person, None):
            raise NotAllowed("You own single accounts. Name one: /people add trader papa")
        return None, None
    account = db.accounts.by_label(label)
    if account is None or not _owns(db, person, account.id):
        raise NotFound(f"You own no account “{label}”.")
    return account.id, account.label


def _named(db: Repositories, who: str) -> User:
    people = {user.telegram_id: user for user, _, _ in db.people.all()}
    if who.isascii() and who.isdigit():
        matches = [user for telegram_id, user in people.items() if telegram_id == int(who)]
    else:
        matches = [user for user in people.values() if user.name.casefold() == who.casefold()]
    if not matches:
        raise NotFound(f"Nobody on the list is called “{who}”. /people shows names and ids.")
    if len(matches) > 1:
        raise NotFound(f"More than one is called “{who}”. Use the id: /people shows it.")
    return matches[0]
