"""Asks about a list of exits or a panic, and claims it: what is meant is listed with the question and not judged anew later."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from bot.domain.clock import ist_date
from bot.domain.errors import BrokerError, CheckFailed, ChoiceWanted, ConfirmationGone, ExitHeld
from bot.domain.exits.exit_choice import ExitChoice, chosen, demat_words, names_many
from bot.domain.exits.exit_list import ExitCard, ExitList, ExitsShown, ListKind
from bot.domain.market.display_names import short
from bot.domain.market.instrument import Exchange, InstrumentKey
from bot.domain.money import grouped, total
from bot.domain.news.safety import TradingStopped
from bot.domain.orders.confirmation import Purpose
from bot.domain.orders.order import OrderDraft, OrderRequest, OrderStatus
from bot.domain.people.account import Account, Actor, Permission, Stop
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.portfolio import Position, PositionLine
from bot.domain.proposals.proposal import Proposal
from bot.domain.terms import OrderKind, Product, Side
from bot.domain.value import value
from bot.runtime.background import BackgroundTasks
from bot.trading.account.account_views import AccountViews
from bot.trading.actor import account_of, demand_role
from bot.trading.checks.reducing import DELIVERY, withheld
from bot.trading.checks.remarks import takes_again
from bot.trading.checks.selling import SELLING
from bot.trading.drafts.drafting import WIDE_OR_OLD
from bot.trading.exit_lists.demat_lines import demat_line, demat_line_of, left_in_demat
from bot.trading.exit_lists.exit_names import command, named, odd_units, record, ways_out, which_of
from bot.trading.exit_lists.exit_questions import NO, BesideRows, ExitQuestions
from bot.trading.exit_lists.exit_rows import OF_PANIC, PANIC_SLABS, ExitRows, closing_draft, demand_no_cover, left_bare, opens
from bot.trading.exit_lists.panics_joined import running_panic, take_in
from bot.trading.exit_lists.row_remarks import RowRemarks
from bot.trading.exit_runs.exit_runner import ExitRunner
from bot.trading.exits.exit_state import shown
from bot.trading.orders.cover import covers
from bot.trading.orders.lookup import own_order
from bot.trading.orders.sending import Answered
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.proposals.proposals import Proposals
from bot.trading.safety.announce import tell_others
from bot.trading.safety.striking import strike_entries


@value
class ExitLists:
    """What a person may ask to close, alone or together."""

    proposing: ProposalBuilder
    proposals: Proposals
    views: AccountViews
    runner: ExitRunner
    rows: ExitRows
    remarks: RowRemarks
    questions: ExitQuestions
    background: BackgroundTasks

    async def ask(self, actor: Actor, words: str, *, chat_id: int) -> ExitCard | Proposal:
        """The card of one position, or of a list. ChoiceWanted where the words leave something open, CheckFailed for none.

        Holdings are meant only where the words name them.
        """
        if (said := demat_words(words)) is not None:
            return await self._ask_demat(actor, said, chat_id=chat_id)
        lines = await self.lines(actor)
        try:
            choice = chosen(words, lines)
        except CheckFailed as none:
            ways = [] if names_many(words) else ways_out(words, lines)
            raise await self._in_demat(actor, words) or CheckFailed(none.reasons, near=ways) from none
        if len(choice.lines) == 1:
            line = choice.lines[0]
            covered = [each for each in lines if covers(line.position, each.position)]
            if choice.beside == "both" and covered:
                return await self._list(actor, replace(choice, lines=(*covered, line)), lines, chat_id)
            if choice.beside != "only":
                demand_no_cover(actor, line.position, choice.of(line), [each.position for each in lines])
            return await self._single(actor, choice, line, chat_id)
        if choice.size:
            raise which_of(choice)
        if len({line.position.instrument.key for line in choice.lines}) == 1 and not choice.whole:
            near = [(f"{named(line.position)} {line.position.product}", command(line.position)) for line in choice.lines]
            raise ChoiceWanted("It is held in more than one way.", near=[*near, (f"All {len(near)}", f"/exit {words} all")])
        return await self._list(actor, choice, lines, chat_id)

    async def _ask_demat(self, actor: Actor, words: str, *, chat_id: int) -> ExitCard | Proposal:
        """The same of what can be sold out of the demat account."""
        held = await self.views.holdings(actor)
        lines = self._listed([demat_line(each) for each in held.lines if each.sellable])
        left = left_in_demat(held.lines)
        if not lines:
            raise CheckFailed(["No share in the demat account can be sold. Nothing was sent.", *left])
        choice = chosen(words, lines, what="share that can be sold")
        if len(choice.lines) == 1:
            return await self._single(actor, choice, choice.lines[0], chat_id)
        if choice.size:
            raise which_of(choice, of_demat=True)
        unread = f"{held.left_out} of mStock's rows of holdings could not be read, and stay" if held.left_out else ""
        return await self._list(actor, choice, lines, chat_id, demat=_Demat(left=tuple(left), unread=unread))

    async def in_demat(self, actor: Actor, words: str) -> PositionLine | None:
        """The one holding that words name, of which something can be sold. None for a list, and where they cannot be read."""
        if names_many(words):
            return None
        try:
            held = await self.views.holdings(actor)
        except BrokerError:  # the answer is then that nothing of it is open
            return None
        return demat_line_of(words, self._listed([demat_line(each) for each in held.lines]))

    async def _in_demat(self, actor: Actor, words: str) -> ChoiceWanted | None:
        """The question whether shares in the demat account are meant, where words name no open position but these alone."""
        if (found := await self.in_demat(actor, words)) is None:
            return None
        near = [(f"Sell {named(found.position).removeprefix('+')}", command(found.position, of_demat=True))]
        return ChoiceWanted("No position of it is open. It is in the demat account.", near=near)

    async def ask_position(self, actor: Actor, key: InstrumentKey, product: Product, *, chat_id: int) -> ExitCard | Proposal:
        """The card that closes one position. ChoiceWanted where it covers a short."""
        _, connection = self.proposing.connection(actor)
        rows = await connection.broker.positions() if key.exchange in (Exchange.NFO, Exchange.BFO) else ()
        held = next((each for each in rows if each.instrument.key == key and each.product is product and each.quantity), None)
        if held is not None:
            demand_no_cover(actor, held, abs(held.quantity), rows)
        try:
            return await self.proposals.positions.exit_position(actor, key, product, chat_id=chat_id)
        except ExitHeld as other:
            rows = await connection.broker.positions()
            mine = next((each for each in rows if each.instrument.key == key and each.product is product), None)
            return await self._held_back(actor, other, mine, chat_id=chat_id)

    async def ask_of(self, actor: Actor, order_id: str, *, chat_id: int) -> ExitCard | Proposal:
        """The same of the position of an order's instrument and product."""
        order = await self.proposing.store.transaction(lambda db: own_order(db, actor, order_id))
        return await self.ask_position(actor, order.draft.instrument.key, order.draft.product, chat_id=chat_id)

    async def _held_back(
        self, actor: Actor, other: ExitHeld, position: Position | None, *, chat_id: int, quantity: int | None = None
    ) -> ExitCard:
        """The card of an exit that waits for the broker's own square-off. The refusal is raised where it is none."""
        if position is None or not other.elsewhere:
            raise other
        if not self.runner.back.squares_off(position.instrument, position.product):
            raise other
        size = quantity or abs(position.quantity) // position.instrument.lot * position.instrument.lot
        account, _ = self.proposing.connection(actor)
        row = replace(await self.rows.alone(account, closing_draft(position, size)), back=True)
        exits = self.questions.listed(actor, (row,), ListKind.EXITS)
        return await self.questions.ask(actor, exits, BesideRows(profit=None, not_touched=()), chat_id=chat_id)

    def in_auction(self, draft: OrderDraft) -> bool:
        """Whether an exit on these terms goes through the closing auction, now or when it takes orders again."""
        return draft.trigger is None and self.runner.auction.takes_exits(draft.instrument)

    async def ask_in_auction(self, actor: Actor, proposal: Proposal, *, chat_id: int) -> ExitCard:
        """The card of one exit that is kept under its Confirm until the closing auction takes it.

        A price that nobody named, a limit at mid for want of a fresh one, gives way to the edge of the auction's band.
        """
        account, _ = self.proposing.connection(actor)
        draft = proposal.draft
        if any(remark.name == WIDE_OR_OLD for remark in proposal.warnings):
            draft = replace(draft, kind=OrderKind.MARKET, price=None)
        row = await self.rows.alone(account, draft)
        exits = self.questions.listed(actor, (row,), ListKind.EXITS)
        demat = {check.__name__ for check in SELLING}
        warnings = tuple(remark.say for remark in proposal.warnings if remark.name in demat)
        return await self.questions.ask(actor, exits, BesideRows(profit=None, not_touched=(), warnings=warnings), chat_id=chat_id)

    async def _single(self, actor: Actor, choice: ExitChoice, line: PositionLine, chat_id: int) -> ExitCard | Proposal:
        position, quantity = line.position, choice.of(line)
        if not quantity:
            lot = position.instrument.lot
            whole = [(f"All {grouped(str(abs(position.quantity)))}", command(position))]
            raise ChoiceWanted(f"That is less than one lot of {lot}. Close all of it?", near=whole)
        request = OrderRequest(
            side=Side.SELL if position.quantity > 0 else Side.BUY,
            symbol=position.instrument.name,
            quantity=quantity,
            product=position.product,
            exchange=position.instrument.exchange,
        )
        try:
            return await self.proposals.propose(actor, request, chat_id=chat_id, as_exit=True)
        except ExitHeld as other:
            return await self._held_back(actor, other, position, chat_id=chat_id, quantity=quantity)

    async def _list(
        self, actor: Actor, choice: ExitChoice, lines: Sequence[PositionLine], chat_id: int, *, demat: "_Demat | None" = None
    ) -> ExitCard:
        account, _ = self.proposing.connection(actor)
        left_out = [f"{named(line.position)}: sold today from holdings" for line in lines if line.position.is_sold_holding]
        left_out += demat.left if demat is not None else ()
        limits = await self.proposing.store.read(lambda db: db.limits.on(account.id, ist_date(self.proposing.clock.now())))
        meant: list[tuple[PositionLine, int]] = []
        closed = [line for line in choice.lines if self._is_closed(line)]
        if len(closed) == len(choice.lines):
            raise self._all_closed(closed, of_demat=demat is not None)
        for line in choice.lines:
            quantity = choice.of(line)
            if not quantity:
                left_out.append(f"{named(line.position)}: less than one lot cannot be sent")
            elif line in closed:
                shut = f"{line.position.instrument.exchange} is closed"
                left_out.append(_ended(line) if line.settled else f"{named(line.position)}: {shut}")
            elif withheld(actor.role, line.position.product, limits):
                left_out.append(f"{named(line.position)}: delivery is the owner's")
            else:
                meant.append((line, quantity))
                if choice.part is None and (odd := odd_units(line.position)):
                    left_out.append(f"{named(line.position)}: {odd} are no whole lot")
        if not meant:
            raise CheckFailed(["Nothing of it can be closed.", *left_out])
        bare = left_bare([(line.position, quantity) for line, quantity in meant], [line.position for line in lines])
        if bare is not None and not actor.may(Permission.OPEN):
            raise CheckFailed([f"You cannot take this away: it covers the short {short(bare)}. Buy that back first."])
        rows = await self.rows.of(account.id, meant, slabs=1)
        exits = self.questions.listed(actor, rows, ListKind.EXITS)
        warnings = [f"Leaves {short(bare)} without its cover"] if bare is not None else []
        warnings += [demat.unread] if demat is not None and demat.unread else []
        said = BesideRows(profit=_profit([line for line, _ in meant]), not_touched=tuple(left_out), warnings=tuple(warnings))
        remarked = await self.remarks.of(account, rows)
        card = await self.questions.ask(actor, exits, said, chat_id=chat_id)
        return replace(card, remarks=remarked.rows, turns=remarked.turns, of_demat=demat is not None)

    def _is_closed(self, line: PositionLine) -> bool:
        """Whether the market takes no order of a line now, and no closing auction will, or it is a contract that has ended."""
        instrument = line.position.instrument
        window = self.proposing.window(instrument, line.position.product)
        shut = line.settled or takes_again(window, reduces=True) is not None
        return shut and not self.runner.auction.takes_exits(instrument)

    def _all_closed(self, lines: Sequence[PositionLine], *, of_demat: bool) -> CheckFailed:
        """There is no Confirm that can only fail. Each line's own card can be had for when its market opens."""
        position = lines[0].position
        window = self.proposing.window(position.instrument, position.product)
        near = [(named(line.position), command(line.position, of_demat=of_demat)) for line in lines]
        return CheckFailed(window.reasons[:1] if window is not None else (), near=near)

    def _shut(self, closed: Sequence[PositionLine]) -> tuple[str, ...]:
        """What a panic says of rows whose market is closed. It stays possible: the calendar may be wrong, a panic must not."""
        windows = [(line, self.proposing.window(line.position.instrument, line.position.product)) for line in closed]
        reasons = {window.reasons[0]: named(line.position) for line, window in windows if window is not None and window.reasons}
        return tuple(f"{name}: {reason.rstrip('.')}; mStock will refuse its exit now" for reason, name in reasons.items())

    async def ask_panic(self, actor: Actor, *, chat_id: int) -> ExitCard | ExitsShown:
        """The card of a panic. It is the one that is under way where there is one. CheckFailed where nothing is open."""
        if (running := await self._running(account_of(actor))) is not None:
            return running
        account, _ = self.proposing.connection(actor)
        lines = await self.lines(actor)
        rows_of_it = [line for line in lines if line.position.is_open and line.position.product in OF_PANIC]
        over = [_ended(line) for line in rows_of_it if line.settled]
        meant = [(line, size) for line in rows_of_it if not line.settled and (size := ExitChoice(lines=()).of(line))]
        working = await self.proposing.store.transaction(
            lambda db: [order for order in db.orders.unsettled(account.id) if order.status.is_working]
        )
        entries = [order for order in working if opens(order, [line.position for line, _ in meant])]
        stops = [order for order in working if order not in entries and order.status is OrderStatus.TRIGGER_PENDING]
        if not meant and not entries:
            is_open = "can be closed" if over else "is open"
            raise CheckFailed(
                [f"Nothing {is_open} in intraday or carry-forward, and no entry rests. /kill blocks new orders.", *over]
            )
        left_out = over + [
            f"{named(line.position)} {'sold today from holdings' if line.position.is_sold_holding else line.position.product}"
            for line in lines
            if line.position.quantity and line.position.product not in OF_PANIC
        ]
        left_out += [
            f"{named(line.position)}: {odd} are no whole lot" for line in rows_of_it if (odd := odd_units(line.position))
        ]
        rows = await self.rows.of(account.id, meant, slabs=PANIC_SLABS)
        rows = await self.rows.with_entries(account, rows, entries)
        exits = replace(self.questions.listed(actor, rows, ListKind.PANIC), entries=tuple(order.id for order in entries))
        profit = _profit([line for line, _ in meant])
        shut = self._shut([line for line, _ in meant if self._is_closed(line)])
        said = BesideRows(profit=profit, not_touched=(*left_out, "holdings"), warnings=shut, stops=len(stops))
        return await self.questions.ask(actor, exits, said, chat_id=chat_id)

    async def confirm(
        self, actor: Actor, token: str, *, chat_id: int, message_id: int, answered: Answered | None = None
    ) -> ExitsShown:
        """Claims the question and begins what it licenses, once.

        Gives the list as it stands after its first orders were answered.
        """
        account = account_of(actor)
        confirmations, clock = self.proposing.confirmations, self.proposing.clock

        def claim(db: Repositories) -> ExitList:
            fits = frozenset({Purpose.EXIT, Purpose.PANIC})
            question = confirmations.open_one(db, actor, token, chat_id, message_id, fits=fits)
            if question.account_id != account.id:
                raise ConfirmationGone("This card belongs to another account. Nothing was sent.")
            role = demand_role(db, actor, Permission.REDUCE, NO)
            exits, now = db.exit_lists.find(token), clock.now()
            limits = db.limits.on(account.id, ist_date(now))
            if exits is not None and any(withheld(role, row.draft.product, limits) for row in exits.rows):
                raise CheckFailed([f"As {role} {DELIVERY}"])  # the question stays open
            if question.purpose is not Purpose.PANIC:
                self.proposing.connection(actor)  # a panic is begun without a session too, and goes on after the login
            confirmations.claim(db, question)
            panic = question.purpose is Purpose.PANIC
            running = running_panic(db, account.id) if panic else None
            if exits is None or (running is None and not db.plans.begin(token)):
                raise ConfirmationGone("This list was begun already.")
            db.audit.add(now, exits.by, exits.kind.lower(), account.id, before="asked", after=record(exits))
            if panic:
                strike_entries(db, account.id, f"{exits.name} closes everything.", now)
            if panic and db.stops.stop(Stop(account_id=account.id, by=exits.by, at=now, why="panic")):
                tell_others(db, account.id, {exits.by}, TradingStopped(name=exits.name, at=now), now)
            if running is not None:
                exits = take_in(db, running, exits).with_copy(chat_id, message_id)
            else:
                exits = replace(exits, began_at=now)
            db.exit_lists.save(exits)
            return exits

        exits = await self.proposing.store.transaction(claim)
        if answered is not None:
            await answered()
        await asyncio.shield(self.background.start(self.runner.carry_on(exits.plan_id), f"exits {exits.plan_id}"))
        return await self.shown(actor, exits.plan_id)

    async def shown(self, actor: Actor, plan_id: str) -> ExitsShown:
        """A list as it stands now. NotFound for one of another account."""
        account, now = account_of(actor), self.proposing.clock.now()
        return await self.proposing.store.transaction(lambda db: shown(db, account, plan_id, now))

    async def stands_in(self, plan_id: str, chat_id: int, message_id: int) -> None:
        """The list was shown in this message as well: it is drawn there too as it goes on."""

        def note(db: Repositories) -> None:
            if (exits := db.exit_lists.find(plan_id)) is not None:
                db.exit_lists.save(exits.with_copy(chat_id, message_id))

        await self.proposing.store.transaction(note)

    async def go_on(self, actor: Actor, plan_id: str) -> ExitsShown:
        """Sends what waits for its cover all the same, as the person says."""
        await self.shown(actor, plan_id)
        await self.runner.answer(actor, plan_id, go_on=True)
        return await self.shown(actor, plan_id)

    async def send_left(self, actor: Actor, plan_id: str) -> ExitsShown:
        """Sends what no other order is closing of the rows that were held back, as the person says."""
        await self.shown(actor, plan_id)
        await self.runner.release(actor, plan_id)
        return await self.shown(actor, plan_id)

    async def stop_here(self, actor: Actor, plan_id: str) -> ExitsShown:
        """Strikes off what was not sent yet."""
        await self.shown(actor, plan_id)
        await self.runner.answer(actor, plan_id, go_on=False)
        return await self.shown(actor, plan_id)

    async def lines(self, actor: Actor) -> list[PositionLine]:
        """Today's positions, each with its instrument as the scrip master names it."""
        await self.proposing.instruments.settled()
        return self._listed((await self.views.positions(actor)).lines)

    def _listed(self, lines: Sequence[PositionLine]) -> list[PositionLine]:
        return [line.listed(self.proposing.instruments.by_key) for line in lines]

    async def _running(self, account: Account) -> ExitsShown | None:
        now = self.proposing.clock.now()

        def read(db: Repositories) -> ExitsShown | None:
            panic = running_panic(db, account.id)
            return shown(db, account, panic.plan_id, now) if panic is not None else None

        return await self.proposing.store.transaction(read)


@value
class _Demat:
    """What is said of a list of holdings beside its rows."""

    left: tuple[str, ...]  # of which nothing can be sold, with why
    unread: str = ""


def _ended(line: PositionLine) -> str:
    return f"{named(line.position)}: ended today, what is open of it is settled by the exchange"


def _profit(lines: Sequence[PositionLine]) -> Decimal | None:
    """Rupees of the lines since entry. None where one of them is not known."""
    known = [line.since_entry for line in lines if line.since_entry is not None]
    return total(known) if len(known) == len(lines) else None
