"""Builds alerts, what a person does with them, watch lists and option chains."""

from bot.domain.value import value
from bot.trading.account.quotes import Quotes
from bot.trading.watch.alert_watch import AlertWatch
from bot.trading.watch.alerts import Alerts
from bot.trading.watch.option_chains import OptionChains
from bot.trading.watch.watch_lists import WatchLists
from bot.trading.watch.watched import WatchedFindings
from bot.wiring.ground import Ground


@value
class AlertServices:
    """A person's acts, the loop of the alerts, the lists, the chains, and what a morning says of what is watched."""

    own: Alerts
    watch: AlertWatch
    lists: WatchLists
    chains: OptionChains
    findings: WatchedFindings


def build_alerts(ground: Ground, quotes: Quotes) -> AlertServices:
    """Builds them over this ground."""
    watch = AlertWatch(
        store=ground.patient,
        connections=ground.connections,
        watcher=ground.watcher,
        reads=ground.reads,
        results=ground.results,
        clock=ground.clock,
        in_hours=ground.times.in_hours,
        day_before=ground.times.day_before,
    )
    own = Alerts(
        store=ground.store,
        quotes=quotes,
        prices=ground.prices,
        clock=ground.clock,
        last_session=ground.times.last_session,
        sees=watch.sees,
        changed=watch.wake,
    )
    lists = WatchLists(
        store=ground.store,
        quotes=quotes,
        catalogue=ground.catalogue,
        prices=ground.prices,
        watcher=ground.watcher,
        clock=ground.clock,
    )
    chains = OptionChains(
        connections=ground.connections,
        quotes=quotes,
        catalogue=ground.catalogue,
        prices=ground.prices,
        watcher=ground.watcher,
        in_auction=ground.times.in_auction,
        clock=ground.clock,
    )
    findings = WatchedFindings(store=ground.patient, catalogue=ground.catalogue)
    return AlertServices(own=own, watch=watch, lists=lists, chains=chains, findings=findings)
