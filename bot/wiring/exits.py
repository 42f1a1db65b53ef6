"""Builds what sends several orders under one Confirm, and what changes the product of a position."""

from bot.domain.value import value
from bot.trading.account.account_views import AccountViews
from bot.trading.baskets.basket_builder import BasketBuilder
from bot.trading.baskets.baskets import Baskets
from bot.trading.baskets.judging import BasketJudge
from bot.trading.converting.conversions import Conversions
from bot.trading.exit_lists.exit_lists import ExitLists
from bot.trading.exit_lists.exit_questions import ExitQuestions
from bot.trading.exit_lists.exit_rows import ExitRows
from bot.trading.exit_lists.reversals import Reversals
from bot.trading.exit_lists.row_remarks import RowRemarks
from bot.trading.exit_runs.exit_runner import ExitRunner
from bot.trading.pnl_exits.pnl_exits import PnlExits
from bot.trading.pnl_exits.pnl_strike import PnlStrike
from bot.trading.pnl_exits.pnl_watch import PnlWatch
from bot.trading.pnl_exits.scope_rows import ScopeReader
from bot.trading.standing.by_themselves import StopsByThemselves
from bot.trading.standing.morning_stops import MorningStops
from bot.trading.standing.standing_stops import StandingStops
from bot.wiring.ground import Ground
from bot.wiring.orders import Orders
from storage.topics import Topic


@value
class Exits:
    """The question, and what carries out its answer."""

    lists: ExitLists
    baskets: Baskets
    runner: ExitRunner
    conversions: Conversions
    reversals: Reversals
    pnl: PnlExits
    pnl_watch: PnlWatch
    standing: StandingStops
    morning_stops: MorningStops


def build_exits(ground: Ground, orders: Orders, views: AccountViews) -> Exits:
    """Builds them over this ground."""
    proposing = orders.exits.proposing
    runner = orders.lists
    rows = ExitRows(proposing=proposing, runner=runner)
    lists = ExitLists(
        proposing=proposing,
        proposals=orders.proposals,
        views=views,
        runner=runner,
        rows=rows,
        remarks=RowRemarks(proposing=proposing),
        questions=ExitQuestions(proposing=proposing),
        background=ground.background,
    )
    baskets = Baskets(
        proposing=proposing,
        builder=BasketBuilder(proposing=proposing, judge=BasketJudge(proposing=proposing)),
        runner=runner,
        background=ground.background,
    )
    conversions = Conversions(
        views=views,
        exits=orders.exits,
        background=ground.background,
        clock=ground.clock,
        closes_at=ground.times.squares_off_at,
    )
    reversals = Reversals(proposing=proposing, lists=lists)
    reader = ScopeReader(
        reconcile=orders.exits.reconcile,
        prices=ground.prices,
        day_book=views.day_book,
        events=views.events,
        instruments=ground.catalogue,
        tariff=ground.reference.tariff,
        plan=ground.plan,
        clock=ground.clock,
    )
    watch = PnlWatch(
        store=ground.patient,
        connections=ground.connections,
        watcher=ground.watcher,
        reader=reader,
        striking=PnlStrike(store=ground.patient, rows=rows, instruments=ground.catalogue, clock=ground.clock),
        background=ground.background,
        clock=ground.clock,
    )
    ground.store.on_commit(Topic.RESULTS, watch.filled)
    pnl = PnlExits(
        proposing=proposing,
        views=views,
        reader=reader,
        now=watch.now,
        changed=watch.wake,
        day_ends=ground.times.day_ends,
        stands=ground.settings.pnl_exit_seconds,
    )
    standing = StandingStops(
        store=ground.store, proposing=proposing, exits=orders.exits, clock=ground.clock, begun=orders.plans.wake
    )
    morning = MorningStops(
        store=ground.patient,
        telling=ground.telling,
        views=views,
        stops=standing,
        own_way=StopsByThemselves(stops=standing),
        clock=ground.clock,
    )
    return Exits(
        lists=lists,
        baskets=baskets,
        runner=runner,
        conversions=conversions,
        reversals=reversals,
        pnl=pnl,
        pnl_watch=watch,
        standing=standing,
        morning_stops=morning,
    )
