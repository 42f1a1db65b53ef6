"""What a person does with P&L exits: asks for one, confirms it, looks, changes what it does, takes it away."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.domain.clock import at_ist, ist_date, next_midnight
from bot.domain.errors import CheckFailed, ConfirmationGone, NotFound
from bot.domain.exits.exit_choice import chosen
from bot.domain.market.display_names import SHORT_NAMES
from bot.domain.money import in_figures
from bot.domain.news.people import ActionKind
from bot.domain.orders.confirmation import Purpose
from bot.domain.people.account import Actor, Permission
from bot.domain.plans.pnl_card import PnlCard, PnlSaid, PnlShown
from bot.domain.plans.pnl_exit import PnlAction, PnlExit, PnlExitNow, PnlState, Scope, ScopeKind, ScopeResult
from bot.domain.plans.pnl_words import levels_in_figures, levels_in_words, scope_in_words
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.portfolio import PositionLine
from bot.domain.value import value
from bot.trading.account.account_views import AccountViews
from bot.trading.actor import account_of, demand_role
from bot.trading.orders.confirmations import digest
from bot.trading.pnl_exits.scope_rows import ScopeReader
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.safety.announce import tell_of

ALL = frozenset({"all", "sab", "everything", "intraday"})
LOOKS, BETWEEN = 15, 0.1  # how often, and seconds apart, it is looked whether a new one has its first figure
_NO = "You may not close positions here any more."


@value
class PnlExits:
    """One for each scope of an account. Another of the same scope takes its place."""

    proposing: ProposalBuilder
    views: AccountViews
    reader: ScopeReader
    now: Callable[[PnlExit], PnlExitNow]  # as it is watched
    changed: Callable[[], None]
    day_ends: Callable[[datetime], datetime | None]  # when the day's trading is over; None: it has none
    stands: int  # seconds that figures stand beyond a level before it strikes

    async def ask(self, actor: Actor, words: str, said: PnlSaid, *, chat_id: int) -> PnlCard:
        """The card. CheckFailed where the words name no one scope, the figure is beyond already, or a time is over."""
        account, _ = self.proposing.connection(actor)
        scope, now = await self._scope(actor, words), self.proposing.clock.now()
        ends = self.day_ends(now)
        if ends is None or ends <= now:
            raise CheckFailed(["Today's trading is over, and a P&L exit is of one day. Nothing is watched: ask on the next one."])
        charges = said.after_charges if said.after_charges is not None else self.proposing.plan is not None
        blocks = None
        if said.blocks:
            till = said.blocks_till
            blocks = at_ist(ist_date(now), till.hour, till.minute) if till is not None else next_midnight(now)
            if blocks <= now:
                raise CheckFailed(["That time is over today. Nothing is watched."])
        try:
            wanted = PnlExit(
                id="", account_id=account.id, by=actor.user.telegram_id, name=actor.user.name, scope=scope, stop=said.stop,
                target=said.target, giveback=said.giveback, action=said.action, after_charges=charges, blocks_until=blocks,
                stands=self.stands, until=ends, created_at=now, state=PnlState.ASKED,
            )  # fmt: skip
        except ValueError as error:
            raise CheckFailed(["A stop lies below a target, and what may be given back is above zero."]) from error
        rows = await self.reader.read(wanted)
        figure = ScopeResult(value=rows.made, missing=rows.missing, flat=rows.is_flat)
        if rows.is_flat and scope.kind is not ScopeKind.ALL:
            raise CheckFailed([f"Nothing of {scope_in_words(scope)} is open in intraday or carry-forward."])
        if rows.made is not None and not rows.is_flat and wanted.reached(rows.made) is not None:
            say = f"The day's P&L is {'−' if rows.made < 0 else '+'}{in_figures(rows.made)} now: it would strike at once."
            raise CheckFailed([say], near=[("Exit now", f"/exit {words}")])
        card = PnlCard(
            confirmation=self.proposing.confirmations.new(actor, chat_id, Purpose.PNL_EXIT),
            account=account, exit=wanted, figure=figure, rows=len(rows.open), uncharged=rows.uncharged,
        )  # fmt: skip
        return await self._store(actor, card)

    async def _scope(self, actor: Actor, words: str) -> Scope:
        if words.lower().strip() in ALL:
            return Scope(kind=ScopeKind.ALL)
        await self.proposing.instruments.settled()
        lines = [line.listed(self.proposing.instruments.by_key) for line in (await self.views.positions(actor)).lines]
        picked = chosen(words, lines).lines
        symbols = {line.position.instrument.symbol for line in picked}
        if len(symbols) == 1 and words.lower().strip() in _names(picked[0]):
            return Scope(kind=ScopeKind.UNDERLYING, underlying=picked[0].position.instrument.symbol)
        if len(picked) == 1:
            position = picked[0].position
            return Scope(kind=ScopeKind.POSITION, instrument=position.instrument, product=position.product)
        raise CheckFailed(["A P&L exit is for one position, for one underlying, or for all. Nothing is watched."])

    async def _store(self, actor: Actor, card: PnlCard) -> PnlCard:
        """Stores the question, whose digest covers all of it, and what is asked about."""
        name = digest(Purpose.PNL_EXIT, card.account.id, None, None, plan=card.exit.digest())
        question = replace(card.confirmation, digest=name)
        wanted = replace(card.exit, id=question.token)
        self.proposing.confirmations.note_exit(question)

        def store(db: Repositories) -> PnlExit | None:
            demand_role(db, actor, Permission.REDUCE, _NO)
            db.confirmations.add(question)
            db.pnl_exits.add(wanted)
            return _same(db, wanted)

        before = await self.proposing.store.transaction(store)
        return replace(card, confirmation=question, exit=wanted, replaces=before)

    async def confirm(self, actor: Actor, token: str, *, chat_id: int, message_id: int) -> PnlShown:
        """Claims the question: it watches from here on. The one of the same scope before it ends."""
        account, _ = self.proposing.connection(actor)
        now = self.proposing.clock.now()

        def claim(db: Repositories) -> PnlExit:
            confirmations = self.proposing.confirmations
            question = confirmations.open_one(db, actor, token, chat_id, message_id, fits=frozenset({Purpose.PNL_EXIT}))
            if question.account_id != account.id:
                raise ConfirmationGone("This card belongs to another account. Nothing is watched.")
            demand_role(db, actor, Permission.REDUCE, _NO)
            confirmations.claim(db, question)
            wanted = db.pnl_exits.find(token)
            if wanted is None:
                raise ConfirmationGone("This P&L exit is gone. Ask again.")
            if (before := _same(db, wanted)) is not None:
                db.pnl_exits.end(before.id)
            if not db.pnl_exits.begin(token):
                raise ConfirmationGone("This P&L exit was begun already.")
            after = f"{wanted.action.lower()} at {levels_in_words(wanted)} of {scope_in_words(wanted.scope)}"
            db.audit.add(now, wanted.by, "pnl exit", account.id, before="none", after=after)
            instead = f", instead of {levels_in_figures(before)}" if before is not None else ""
            _tell(db, wanted, actor, f"set {_named(wanted)}{instead}", now)
            return wanted

        begun = await self.proposing.store.transaction(claim)
        self.changed()
        await self._seen(begun)
        return await self.shown(actor)

    async def _seen(self, begun: PnlExit) -> None:
        """Waits a moment for its first figure: the card that says it is held shows that it is."""
        for _ in range(LOOKS):
            figure = self.now(begun).figure
            if figure is not None and (figure.flat or figure.value is not None):
                return
            await asyncio.sleep(BETWEEN)

    async def shown(self, actor: Actor) -> PnlShown:
        """Those of the account that watch."""
        account, now = account_of(actor), self.proposing.clock.now()

        def read(db: Repositories) -> tuple[list[PnlExit], datetime | None]:
            mine = [each for each in db.pnl_exits.alive() if each.account_id == account.id]
            return mine, db.pnl_exits.blocked_until(account.id, now)

        alive, blocked = await self.proposing.store.read(read)
        return PnlShown(account=account, exits=tuple(self.now(each) for each in alive), blocked_until=blocked, as_of=now)

    async def only_alert(self, actor: Actor, exit_id: str) -> PnlShown:
        """It only says so when it strikes. An exit is confirmed anew. NotFound where it watches no longer."""
        account, now = account_of(actor), self.proposing.clock.now()

        def write(db: Repositories) -> None:
            demand_role(db, actor, Permission.REDUCE, _NO)
            found = db.pnl_exits.find(exit_id)
            if found is None or found.account_id != account.id or found.state is not PnlState.ALIVE:
                raise NotFound("That P&L exit watches no longer.")
            db.pnl_exits.note(replace(found, action=PnlAction.ALERT))
            after = f"alert at {levels_in_words(found)}"
            db.audit.add(now, actor.user.telegram_id, "pnl exit", account.id, before=found.action.lower(), after=after)
            _tell(db, found, actor, f"lets {_named(found)} only ring: it closes nothing", now)

        await self.proposing.store.transaction(write)
        self.changed()
        return await self.shown(actor)

    async def remove(self, actor: Actor, exit_id: str) -> PnlShown:
        """It watches no longer. NotFound where it did not."""
        account, now = account_of(actor), self.proposing.clock.now()

        def write(db: Repositories) -> None:
            demand_role(db, actor, Permission.REDUCE, _NO)
            found = db.pnl_exits.find(exit_id)
            if found is None or found.account_id != account.id or not db.pnl_exits.end(exit_id):
                raise NotFound("That P&L exit watches no longer.")
            db.audit.add(now, actor.user.telegram_id, "pnl exit", account.id, before=levels_in_words(found), after="removed")
            _tell(db, found, actor, f"removed {_named(found)}", now)

        await self.proposing.store.transaction(write)
        self.changed()
        return await self.shown(actor)


def _tell(db: Repositories, exit_: PnlExit, actor: Actor, what: str, now: datetime) -> None:
    tell_of(db, exit_.account_id, actor.user.telegram_id, ActionKind.PNL_EXIT, now, detail=what)


def _named(exit_: PnlExit) -> str:
    name = "the P&L exit" if exit_.action is PnlAction.EXIT else "the P&L alert"
    return f"{name} {levels_in_figures(exit_)} of {scope_in_words(exit_.scope)}"


def _same(db: Repositories, wanted: PnlExit) -> PnlExit | None:
    alive = (each for each in db.pnl_exits.alive() if each.account_id == wanted.account_id and each.id != wanted.id)
    return next((each for each in alive if each.scope.name == wanted.scope.name), None)


def _names(line: PositionLine) -> set[str]:
    """The words for the underlying of a row."""
    symbol = line.position.instrument.symbol
    return {symbol.lower(), SHORT_NAMES.get(symbol, symbol).lower()}
