"""What is in order and what is not before a start: settings, key, database, clock, the address that the broker will see."""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp

from bot.app import open_store
from bot.config.key_sources import Prompt
from bot.config.settings import Consent, KeySource, Mode, Settings
from bot.domain.clock import MOST_SKEW, Clock, ist
from bot.domain.errors import BotError, SettingsError
from bot.domain.ports.broker import RandomBytes
from bot.domain.ports.repositories import Repositories
from bot.reference.load import load_reference
from bot.runtime.hardening import Whoami, refuse_root, standing
from bot.runtime.network import source_address
from bot.wiring import chosen_plan

PATIENCE = 5.0  # seconds for each thing that is asked over the network


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the checkup."""

    name: str
    say: str
    bad: bool = False

    @property
    def line(self) -> str:
        return f"{'✗' if self.bad else '✓'} {self.name:<14} {self.say}"


async def checkup(settings: Settings, *, clock: Clock, random_bytes: RandomBytes, ask: Prompt | None = None) -> list[Finding]:
    """Every finding; nothing is changed but the database's schema, and no order route is touched."""
    findings = [Finding(name="settings", say=f"read, mode {settings.mode}")]
    findings += [Finding(name="warning", say=warning) for warning in settings.warnings]
    findings += _dated_facts(settings)
    findings += _process(settings)
    findings += _keys(settings)
    findings += await _database(settings, random_bytes, ask)
    findings += await _network(settings, clock)
    return findings


def _dated_facts(settings: Settings) -> list[Finding]:
    """Whether calendar, charges and rules can be read with the host's own rows, and what brokerage is reckoned with."""
    try:
        plan = chosen_plan(settings, load_reference(settings.market_data).tariff)
    except SettingsError as error:
        return [Finding(name="dated facts", say=error.say, bad=True)]
    return [
        Finding(name="brokerage", say=f"plan {plan.name}" if plan else "no BROKERAGE_PLAN: every card says that it is not known")
    ]


def _process(settings: Settings) -> list[Finding]:
    """Whether others could look into the process, and as whom it runs."""
    stands = standing()
    found = [
        Finding(name="process", say="no core dumps, no memory for others to read, private files")
        if stands.complete
        else Finding(name="process", say="this system does not let it close itself against other programs", bad=True)
    ]
    try:
        warning = refuse_root(Whoami.now(), live=settings.mode is Mode.LIVE, allowed=settings.allow_root is Consent.YES)
    except SettingsError as error:
        return [*found, Finding(name="root", say=error.say, bad=True)]
    return [*found, Finding(name="root", say=warning)] if warning else found


def _keys(settings: Settings) -> list[Finding]:
    """How the keys are kept; a key in the clear is allowed, and said."""
    source = settings.key_source
    said = {
        KeySource.PASSPHRASE: f"{settings.key_file} behind a passphrase",
        KeySource.FILE: f"{settings.key_file} in the clear: whoever reads this host's disk reads every secret",
    }[source]
    return [Finding(name="key", say=said)]


async def _database(settings: Settings, random_bytes: RandomBytes, ask: Prompt | None) -> list[Finding]:
    try:
        store = open_store(settings, random_bytes, inline=True, ask=ask)
    except BotError as error:
        return [Finding(name="key, database", say=error.say, bad=True)]

    def read(db: Repositories) -> tuple[int, list[str], bool]:
        labels = [account.label for account in db.accounts.all()]
        return len(db.people.all()), labels, db.accounts.keeps_seeds

    async with store:
        people, labels, seeds = await store.transaction(read)
        broken = await store.transaction(lambda db: db.audit.verify())
    found = [
        Finding(name="key, database", say=f"{settings.database} opens"),
        Finding(name="second key", say="there: a TOTP seed can be stored" if seeds else "none: no TOTP seed can be stored"),
    ]
    if broken is not None:
        found.append(Finding(name="audit", say=f"row {broken} was changed after it was written", bad=True))
    if not people:
        found.append(Finding(name="people", say="nobody is on the list: python -m bot people add ID --role owner", bad=True))
    else:
        found.append(Finding(name="people", say=f"{people} on the list"))
    if not labels:
        found.append(Finding(name="accounts", say="none is linked: python -m bot link", bad=True))
    else:
        found.append(Finding(name="accounts", say=", ".join(labels)))
    return found


async def _network(settings: Settings, clock: Clock) -> list[Finding]:
    host = urlsplit(settings.broker_url).hostname or ""
    found = []
    try:
        async with asyncio.timeout(PATIENCE):
            addresses = await asyncio.get_running_loop().getaddrinfo(host, 443, type=socket.SOCK_DGRAM)
    except (OSError, TimeoutError):
        return [Finding(name="broker", say=f"{host} cannot be resolved", bad=True)]
    for family, name in ((socket.AF_INET, "IPv4"), (socket.AF_INET6, "IPv6")):
        target = next((entry[4] for entry in addresses if entry[0] == family), None)
        found.append(_egress(name, family, target[0] if target else None))
    found += [await _skew(settings, clock), await _telegram(settings)]
    return found


def _egress(name: str, family: socket.AddressFamily, target: object) -> Finding:
    """The address that packets to the broker leave this host from."""
    label = f"egress {name}"
    if not isinstance(target, str):
        return Finding(name=label, say="the broker has no such address; not used")
    address = source_address(family, target)
    if address is None:
        return Finding(name=label, say="no way out", bad=family is socket.AF_INET)
    if family is socket.AF_INET6:
        return Finding(name=label, say=f"{address} (not used: the bot goes by IPv4, which is what mStock registers)")
    if ipaddress.ip_address(address).is_loopback:
        return Finding(name=label, say=f"{address}: the broker is on this host")
    if ipaddress.ip_address(address).is_private:
        return Finding(
            name=label,
            say=f"{address} is private: mStock sees your router's or provider's address; register that one, if it is fixed",
        )
    return Finding(name=label, say=f"{address}: register it at mStock under Trading APIs as Primary IP")


async def _skew(settings: Settings, clock: Clock) -> Finding:
    """How far this host's clock is from the broker's, by the Date header of whatever it answers."""
    try:
        async with _http() as http, http.get(settings.broker_url, allow_redirects=False) as answer:
            told = parsedate_to_datetime(answer.headers["Date"])
    except (aiohttp.ClientError, TimeoutError, OSError, KeyError, ValueError):
        return Finding(name="broker", say=f"{settings.broker_url} does not answer", bad=True)
    skew, wall = (clock.now() - told).total_seconds(), ist(clock.now())
    if abs(skew) > MOST_SKEW:
        return Finding(name="clock", say=f"{skew:+.0f} s off the broker's at {wall:%H:%M:%S} IST: set the host's clock", bad=True)
    return Finding(name="clock", say=f"{skew:+.0f} s off the broker's at {wall:%H:%M:%S} IST")


async def _telegram(settings: Settings) -> Finding:
    """Who Telegram says that the token belongs to; the address holds the token, so no error's own words are shown."""
    address = f"{settings.telegram_url}/bot{settings.telegram_bot_token.reveal()}/getMe"
    try:
        async with _http() as http, http.get(address, allow_redirects=False) as answer:
            told = await answer.json()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return Finding(name="Telegram", say=f"{settings.telegram_url} does not answer", bad=True)
    if not told.get("ok"):
        return Finding(name="Telegram", say="does not know this token: get a new one from @BotFather", bad=True)
    return Finding(name="Telegram", say=f"the token is @{told['result']['username']}'s")


def _http() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(trust_env=False, timeout=aiohttp.ClientTimeout(total=PATIENCE))
