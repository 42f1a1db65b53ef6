"""Builds what asks about an order, sends it, and follows it until it is over."""

from decimal import Decimal

from bot.config.settings import Consent, ExpiryEntries
from bot.domain.market.instrument import Instrument
from bot.domain.value import value
from bot.trading.desk.cancelling import Cancelling
from bot.trading.desk.kill_switch import KillSwitch
from bot.trading.desk.order_desk import OrderDesk
from bot.trading.desk.working_orders import WorkingOrders
from bot.trading.drafts.drafting import Drafting
from bot.trading.drafts.interpreter import Interpreter
from bot.trading.exit_runs.exit_runner import ExitRunner
from bot.trading.exit_runs.held_back import HeldBack
from bot.trading.exit_runs.turning_over import TurningOver
from bot.trading.exits.confirmed_exits import ConfirmedExits
from bot.trading.exits.exit_wave import ExitWave
from bot.trading.exits.live_exit import LiveExit
from bot.trading.exits.unfilled_orders import UnfilledOrders
from bot.trading.orders.claimed_orders import ClaimedOrders
from bot.trading.orders.closing_auction import ClosingAuction
from bot.trading.orders.sending import Sending
from bot.trading.plans.plan_cards import PlanCards
from bot.trading.plans.plan_parts import PlanParts
from bot.trading.plans.plan_runner import PlanRunner
from bot.trading.plans.trail_runner import TrailRunner
from bot.trading.proposals.later_cards import LaterCards
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.proposals.proposals import Proposals
from bot.trading.proposals.repairing import Repairing
from bot.wiring.ground import Ground
from storage.topics import Topic


@value
class Orders:
    """The services of one order's life."""

    proposals: Proposals
    repairs: Repairing
    later: LaterCards
    working: WorkingOrders
    switch: KillSwitch
    desk: OrderDesk
    exits: LiveExit
    plans: PlanRunner
    plan_cards: PlanCards
    trails: TrailRunner
    unfilled: UnfilledOrders
    lists: ExitRunner


def build_orders(ground: Ground) -> Orders:
    """Builds them over this ground."""
    proposing = ProposalBuilder(
        store=ground.store,
        connections=ground.connections,
        reads=ground.reads,
        prices=ground.prices,
        instruments=ground.catalogue,
        drafting=Drafting(ground.reference.rules, ground.clock),
        interpreter=Interpreter(
            instruments=ground.catalogue,
            prices=ground.prices,
            clock=ground.clock,
            evenings=ground.settings.after_market is Consent.YES,
        ),
        confirmations=ground.confirmations,
        results=ground.results,
        clock=ground.clock,
        rules=ground.reference.rules,
        tariff=ground.reference.tariff,
        calendar=ground.times.calendar,
        ceiling=Decimal(ground.settings.order_ceiling),
        settling=ground.settings.expiry_entries is ExpiryEntries.WARN,
        ddpi=ground.settings.ddpi is Consent.YES,
        plan=ground.plan,
    )
    proposals = Proposals(store=ground.store, proposing=proposing, confirmations=ground.confirmations, clock=ground.clock)
    working = WorkingOrders(
        store=ground.store,
        proposing=proposing,
        confirmations=ground.confirmations,
        reconcile=ground.reconcile,
        cancelling=Cancelling(
            store=ground.store,
            proposing=proposing,
            reconcile=ground.reconcile,
            background=ground.background,
            clock=ground.clock,
        ),
        clock=ground.clock,
    )
    switch = KillSwitch(
        store=ground.store,
        confirmations=ground.confirmations,
        reconcile=ground.reconcile,
        clock=ground.clock,
    )
    sending = Sending(store=ground.store, connections=ground.connections, reconcile=ground.reconcile, clock=ground.clock)
    claimed = ClaimedOrders(store=ground.store, reconcile=ground.reconcile, clock=ground.clock, random=ground.random_bytes)
    exits = LiveExit(
        store=ground.store,
        connections=ground.connections,
        proposing=proposing,
        reconcile=ground.reconcile,
        sending=sending,
        orders=claimed,
        reads=ground.reads,
        clock=ground.clock,
    )
    auction = ClosingAuction(
        connections=ground.connections,
        calendar=ground.times.calendar,
        has_contracts=ground.catalogue.has_contracts,
        clock=ground.clock,
    )
    slices = PlanParts(
        store=ground.store,
        connections=ground.connections,
        proposing=proposing,
        claimed=claimed,
        sending=sending,
        rejections=ground.reference.rejections,
        clock=ground.clock,
    )
    lists = ExitRunner(
        store=ground.patient,
        exits=exits,
        wave=ExitWave(exits, ground.background),
        enter=slices.send,
        proposing=proposing,
        background=ground.background,
        clock=ground.clock,
        turning=TurningOver(store=ground.patient, exits=exits, send=slices.send, clock=ground.clock),
        too_big=slices.too_big,
        auction=auction,
        back=HeldBack(
            store=ground.patient,
            clock=ground.clock,
            squares_off=lambda instrument, product: ground.times.squares_off(instrument, product, ground.clock.now()),
        ),
    )
    desk = OrderDesk(
        store=ground.store,
        connections=ground.connections,
        proposals=proposals,
        proposing=proposing,
        orders=working,
        switch=switch,
        confirmations=ground.confirmations,
        reconcile=ground.reconcile,
        background=ground.background,
        clock=ground.clock,
        claimed=claimed,
        sending=sending,
        exits=ConfirmedExits(store=ground.store, exits=exits, clock=ground.clock),
        begin=lists.carry_on,
        auction=auction,
    )
    plans = PlanRunner(
        store=ground.patient,
        exits=exits,
        slices=slices,
        connections=ground.connections,
        watcher=ground.watcher,
        background=ground.background,
        clock=ground.clock,
    )
    trails = TrailRunner(
        store=ground.patient,
        exits=exits,
        connections=ground.connections,
        watcher=ground.watcher,
        background=ground.background,
        clock=ground.clock,
        lessens=plans.lessens,
    )

    def trades_now(instrument: Instrument) -> bool:
        has_auction = ground.catalogue.has_contracts(instrument)
        return ground.times.trades(instrument, ground.clock.now(), in_auction=has_auction)

    unfilled = UnfilledOrders(
        store=ground.patient,
        exits=exits,
        prices=ground.prices,
        rules=ground.reference.rules,
        clock=ground.clock,
        trades=trades_now,
    )
    plan_cards = PlanCards(store=ground.patient, watcher=ground.watcher, trail=trails.seen)
    ground.store.on_commit(Topic.ORDERS, plans.wake)
    ground.store.on_commit(Topic.ORDERS, plan_cards.wake)
    ground.store.on_commit(Topic.PLANS, plan_cards.wake)
    ground.store.on_commit(Topic.ORDERS, trails.wake)
    ground.store.on_commit(Topic.ORDERS, unfilled.wake)
    ground.store.on_commit(Topic.ORDERS, lists.wake)
    ground.store.on_commit(Topic.RESULTS, plans.filled)
    return Orders(
        exits=exits,
        plans=plans,
        plan_cards=plan_cards,
        trails=trails,
        unfilled=unfilled,
        lists=lists,
        proposals=proposals,
        repairs=Repairing(store=ground.store, proposals=proposals, rejections=ground.reference.rejections),
        later=LaterCards(store=ground.store, proposals=proposals, confirmations=ground.confirmations, clock=ground.clock),
        working=working,
        switch=switch,
        desk=desk,
    )
