"""`python -m bot check`: what is in order and what is not before a start."""

import argparse
import asyncio
import ipaddress
import socket
from datetime import date
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from bot.cli.exit_codes import DONE, FAILED
from bot.cli.terminal import prompt
from bot.config.addresses import Mode
from bot.config.keys import KeySource
from bot.config.settings import Consent, Settings
from bot.database import Prompt, open_store, state_of
from bot.diagnostics.facts import process_facts, store_facts
from bot.diagnostics.renderings import CheckLine, process_finding, store_findings
from bot.domain.clock import MOST_SKEW, Clock, SystemClock, ist, ist_date
from bot.domain.errors import BotError, SettingsError
from bot.domain.ports.broker import RandomBytes
from bot.reference.load import load_reference
from bot.runtime.hardening import Whoami, refuse_root
from bot.runtime.logs import escaped
from bot.runtime.network import source_address
from bot.runtime.randomness import random_bytes as system_random
from bot.wiring.ground import chosen_plan

PATIENCE = 5.0  # seconds for each thing that is asked over the network


def run(parsed: argparse.Namespace) -> int:
    """Prints every finding. It fails when one is bad."""
    settings = Settings.read(parsed.environ, directory=Path())
    findings = asyncio.run(checkup(settings, clock=SystemClock(), random_bytes=system_random, ask=prompt()))
    for finding in findings:
        print(escaped(finding.line))
    return FAILED if any(finding.bad for finding in findings) else DONE


async def checkup(settings: Settings, *, clock: Clock, random_bytes: RandomBytes, ask: Prompt | None = None) -> list[CheckLine]:
    """Collects every finding. It changes nothing but the database's schema and touches no order route."""
    findings = [CheckLine(name="settings", say=f"read, mode {settings.mode}")]
    findings += [CheckLine(name="warning", say=warning) for warning in settings.warnings]
    findings += _dated_facts(settings, ist_date(clock.now()))
    findings += _process(settings)
    findings += _keys(settings)
    findings += await _database(settings, random_bytes, ask)
    findings += await _network(settings, clock)
    return findings


def _dated_facts(settings: Settings, today: date) -> list[CheckLine]:
    """Says whether the dated data can be read with the host's own rows, how far it reaches, and by which plan charges go."""
    try:
        reference = load_reference(settings.market_data)
        plan = chosen_plan(settings, reference.tariff)
    except SettingsError as error:
        return [CheckLine(name="dated facts", say=error.say, bad=True)]
    brokerage = f"plan {plan.name}" if plan else "no BROKERAGE_PLAN: every card says that it is not known"
    findings = [CheckLine(name="brokerage", say=brokerage)]
    if (ends := reference.calendar.uncovered_within(today)) is not None:
        beside = f"lay the days of {ends.year} beside it in the file that MARKET_DATA names"
        say = f"none from {ends}, so hours and expiries are not known then: {beside}"
        findings.append(CheckLine(name="calendar", say=say))
    return findings


def _process(settings: Settings) -> list[CheckLine]:
    """Says whether others could look into the process, and as whom it runs."""
    finding = process_finding(process_facts())
    try:
        warning = refuse_root(Whoami.now(), live=settings.mode is Mode.LIVE, allowed=settings.allow_root is Consent.YES)
    except SettingsError as error:
        return [finding, CheckLine(name="root", say=error.say, bad=True)]
    return [finding, CheckLine(name="root", say=warning)] if warning else [finding]


def _keys(settings: Settings) -> list[CheckLine]:
    """Says how the keys are kept. A key in the clear is allowed, and said."""
    source = settings.key_source
    words = {
        KeySource.PASSPHRASE: f"{settings.key_file} behind a passphrase",
        KeySource.FILE: f"{settings.key_file} in the clear: whoever reads this host's disk reads every secret",
    }[source]
    return [CheckLine(name="key", say=words)]


async def _database(settings: Settings, random_bytes: RandomBytes, ask: Prompt | None) -> list[CheckLine]:
    try:
        store = open_store(settings, random_bytes, inline=True, ask=ask)
    except BotError as error:
        return [CheckLine(name="key, database", say=error.say, bad=True)]
    async with store:
        state = await state_of(store)
        labels = await store.transaction(lambda db: [account.label for account in db.accounts.all()])
    return store_findings(store_facts(state), database=settings.database, labels=labels)


async def _network(settings: Settings, clock: Clock) -> list[CheckLine]:
    host = urlsplit(settings.broker_url).hostname or ""
    findings = []
    try:
        async with asyncio.timeout(PATIENCE):
            addresses = await asyncio.get_running_loop().getaddrinfo(host, 443, type=socket.SOCK_DGRAM)
    except (OSError, TimeoutError):
        return [CheckLine(name="broker", say=f"{host} cannot be resolved", bad=True)]
    for family, name in ((socket.AF_INET, "IPv4"), (socket.AF_INET6, "IPv6")):
        target = next((entry[4] for entry in addresses if entry[0] == family), None)
        findings.append(_egress(name, family, target[0] if target else None))
    findings += [await _skew(settings, clock), await _telegram(settings)]
    return findings


def _egress(name: str, family: socket.AddressFamily, target: object) -> CheckLine:
    """Says from which address packets to the broker leave this host."""
    label = f"egress {name}"
    if not isinstance(target, str):
        return CheckLine(name=label, say="the broker has no such address; not used")
    address = source_address(family, target)
    if address is None:
        return CheckLine(name=label, say="no way out", bad=family is socket.AF_INET)
    if family is socket.AF_INET6:
        return CheckLine(name=label, say=f"{address} (not used: the bot goes by IPv4, which is what mStock registers)")
    if ipaddress.ip_address(address).is_loopback:
        return CheckLine(name=label, say=f"{address}: the broker is on this host")
    if ipaddress.ip_address(address).is_private:
        return CheckLine(
            name=label,
            say=f"{address} is private: mStock sees your router's or provider's address; register that one, if it is fixed",
        )
    return CheckLine(name=label, say=f"{address}: register it at mStock under Trading APIs as Primary IP")


async def _skew(settings: Settings, clock: Clock) -> CheckLine:
    """Compares this host's clock with the broker's by the Date header of whatever it answers."""
    try:
        async with _http() as http, http.get(settings.broker_url, allow_redirects=False) as answer:
            broker_time = parsedate_to_datetime(answer.headers["Date"])
    except (aiohttp.ClientError, TimeoutError, OSError, KeyError, ValueError):
        return CheckLine(name="broker", say=f"{settings.broker_url} does not answer", bad=True)
    skew, wall = (clock.now() - broker_time).total_seconds(), ist(clock.now())
    if abs(skew) > MOST_SKEW:
        return CheckLine(
            name="clock", say=f"{skew:+.0f} s off the broker's at {wall:%H:%M:%S} IST: set the host's clock", bad=True
        )
    return CheckLine(name="clock", say=f"{skew:+.0f} s off the broker's at {wall:%H:%M:%S} IST")


async def _telegram(settings: Settings) -> CheckLine:
    """Asks Telegram whose the token is. The address holds the token, so no error's own words are shown."""
    address = f"{settings.telegram_url}/bot{settings.telegram_bot_token.reveal()}/getMe"
    try:
        async with _http() as http, http.get(address, allow_redirects=False) as answer:
            body = await answer.json()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return CheckLine(name="Telegram", say=f"{settings.telegram_url} does not answer", bad=True)
    if not body.get("ok"):
        return CheckLine(name="Telegram", say="does not know this token: get a new one from @BotFather", bad=True)
    return CheckLine(name="Telegram", say=f"the token is @{body['result']['username']}'s")


def _http() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(trust_env=False, timeout=aiohttp.ClientTimeout(total=PATIENCE))
