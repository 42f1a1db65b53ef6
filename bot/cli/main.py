"""The command line on the host: reads arguments and starts one thing.

What a command is made of is imported when it is called: `health` and `--version` load no library.
"""

import argparse
import asyncio
import errno
import gc
import getpass
import logging
import os
import random
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bot import __version__
from bot.config.addresses import PAPER_PORT
from bot.domain.clock import SystemClock
from bot.domain.errors import BotError, SettingsError, UsageError, VaultError
from bot.domain.people.account import Role, User
from bot.domain.people.origin import on_host, origin
from bot.runtime.hardening import Whoami, harden, process_environment, refuse_root, stop_on_signals
from bot.runtime.heartbeat import health
from bot.runtime.logs import escaped
from bot.simulators.broker.faults.errors import PaperError

if TYPE_CHECKING:
    from bot.app import App
    from bot.config.settings import Settings
    from bot.simulators.broker.server import Running
    from storage.store import SqlStore

log = logging.getLogger(__name__)

DEMO_PORT = 8080
LAST_PORT = 65_535
WRONG_SETTINGS, FAILED = 2, 1
SERVING = ("run", "demo", "paper")  # what these do is done for somebody in a chat, or by itself


def main(
    arguments: Sequence[str],
    *,
    environ: Mapping[str, str] | None = None,
    whoami: Whoami | None = None,
    harden: Callable[[], object] = harden,
) -> int:
    """Runs one command; the exit code: 0 done, 1 failed (try again), 2 will never work as it is set up.

    environ, whoami: the settings and the user, where they are not those of this process; harden: closes the process.
    """
    parsed = build_parser(arguments).parse_args(arguments)
    parsed.environ = process_environment() if environ is None else environ
    parsed.whoami = whoami or Whoami.now()
    harden()
    if arguments[0] not in SERVING:
        origin.set(on_host(" ".join(word for word in (arguments[0], getattr(parsed, "act", "")) if word)))
    try:
        run: Callable[[argparse.Namespace], int] = parsed.run
        return run(parsed)
    except (SettingsError, VaultError) as error:
        print(escaped(error.say), file=sys.stderr)
        return WRONG_SETTINGS
    except PaperError as error:
        print(escaped(error.say), file=sys.stderr)
        return WRONG_SETTINGS
    except UsageError as error:
        print(escaped(f"{error.say} Try: {error.example}"), file=sys.stderr)
        return WRONG_SETTINGS
    except BotError as error:
        print(escaped(error.say), file=sys.stderr)
        return FAILED
    except OSError as error:  # the host's own refusals: a file that cannot be made, an address that is taken
        print(f"{error.filename or 'This host'}: {error.strerror or type(error).__name__}.", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 130


def build_parser(typed: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Every command with its arguments; those of the other file are left out where what was typed is none of them."""
    parser = argparse.ArgumentParser(prog="python -m bot", description="Run an mStock account from a phone.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, says: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=says, description=says)
        added.set_defaults(run=run)
        return added

    run = command("run", "the bot, against Telegram and the broker that MODE names", _run)
    run.add_argument("--new-bot", action="store_true", help="the token belongs to another bot than before, on purpose")

    demo = command("demo", "the bot with a chat in the browser and a paper broker, without any account", _demo)
    demo.add_argument("--fresh", action="store_true", help="forget what earlier demos kept")
    demo.add_argument("--data", type=Path, default=Path(".demo"), help="where it keeps its state (default: ./.demo)")
    demo.add_argument("--port", type=_port, default=DEMO_PORT, help=f"of the page (default: {DEMO_PORT}; 0: any free one)")
    way = demo.add_mutually_exclusive_group()
    way.add_argument("--smoke", action="store_true", help="a scripted person walks the whole journey, then it ends")
    way.add_argument("--terminal", action="store_true", help="the same chat at this keyboard")

    broker = command("paper", "the paper broker alone, on this host", _paper)
    broker.add_argument("--data", type=Path, required=True, help="where its account and books are kept")
    broker.add_argument("--port", type=_port, default=PAPER_PORT, help=f"default: {PAPER_PORT}; 0: any free one")
    broker.add_argument("--hours", choices=("always", "real"), default="always", help="whether its market ever closes")
    broker.add_argument("--seed", type=int, default=1, help="of the walk")
    broker.add_argument(
        "--prices",
        default="walk",
        help="walk (default), live (mStock's feed; asks for a login), or a CSV file of candles",
    )
    broker.add_argument("--source", default=None, metavar="URL", help="with live: another paper broker on this host, not mStock")

    command("check", "what is missing or wrong in the settings, and the address that mStock will see", _check)

    command("health", "whether the running bot's heart beats, for a container's health check", _health)

    people = command("people", "who may talk to the bot", _people)
    acts = people.add_subparsers(required=True, metavar="ACT", dest="act")
    add = acts.add_parser("add", help="put a person on the list, or change the role")
    add.add_argument("id", type=_person, help="the numeric Telegram id")
    add.add_argument("--role", choices=[role.value for role in Role], required=True)
    add.add_argument("--name", default="", help="how the person is called in messages")
    add.add_argument("--account", default=None, help="the label of one account; without it the role holds for all")
    remove = acts.add_parser("remove", help="take a person off the list, with every open card")
    remove.add_argument("id", type=_person)
    unlock = acts.add_parser("unlock", help="open a sealed phone and take its PIN away: for a PIN that is forgotten")
    unlock.add_argument("id", type=_person)
    acts.add_parser("list", help="who is on it")

    link = command("link", "asks for an account's secrets without echo, tries the login, then stores them sealed", _link)
    link.add_argument("--label", default="main", help="how the account is called (default: main)")

    if not typed or typed[0] not in {*commands.choices, "--version"}:
        from bot.cli.owner_commands import add_commands
        from bot.cli.reference_pages import add_pages

        add_commands(lambda name, says, act: command(name, says, lambda asked: act(asked, _settings(asked))))
        add_pages(command)
    return parser


def _port(words: str) -> int:
    port = int(words)
    if not 0 <= port <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"{port} is no port: 0 to {LAST_PORT}")
    return port


def _person(words: str) -> int:
    """A group's id is negative; no person's is, and none is longer than 52 bits (Bot API, User)."""
    if not words.isascii() or not words.isdigit() or not 0 < int(words) < 2**52:
        raise argparse.ArgumentTypeError(f"{words!r} is no person's Telegram id: a number, which @userinfobot and the like tell")
    return int(words)


def _without_echo(words: str) -> str:
    """What is typed at the terminal, unseen; SettingsError where there is none, for it would be seen, or asked of nobody."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(words)
        except (getpass.GetPassWarning, EOFError):
            raise SettingsError("Secrets are asked for without echo: run this at a terminal.") from None


def _settings(asked: argparse.Namespace) -> "Settings":
    from bot.config.settings import Settings

    return Settings.read(asked.environ, directory=Path())


def _run(asked: argparse.Namespace) -> int:
    gc.disable()  # what is imported stays; to walk it again and again took a sixth of the start
    from bot.app import open_app
    from bot.cli.owner_commands import terminal
    from bot.config.settings import Consent, Mode
    from bot.runtime.logs import logging_to
    from bot.runtime.redaction import Redactor

    gc.freeze()
    gc.enable()
    settings = _settings(asked)
    clock, redactor = SystemClock(), Redactor(settings.secrets())

    root = refuse_root(asked.whoami, live=settings.mode == Mode.LIVE, allowed=settings.allow_root == Consent.YES)
    if root is not None:
        print(root, file=sys.stderr)

    opened = open_app(settings, clock=clock, random_bytes=os.urandom, redactor=redactor, ask=terminal(), new_bot=asked.new_bot)
    as_json = settings.log_format == "json"
    with logging_to(sys.stderr, redactor=redactor, clock=clock, level=settings.log_level, as_json=as_json):
        for warning in settings.warnings:
            log.warning("settings: %s", warning)
        try:
            asyncio.run(_until_stopped(opened))
        except BotError:
            raise
        except Exception:  # the last resort: what Python prints by itself is not scrubbed
            log.critical("the bot ended by a fault; a supervisor starts it anew", exc_info=True)
            return FAILED
    return 0


async def _until_stopped(opened: "AbstractAsyncContextManager[App]") -> None:
    """Opens and runs the bot until a signal asks it to end, also while opening still waits for a Telegram that is away."""
    opening, stop = asyncio.current_task(), asyncio.Event()

    def asked_to_stop() -> None:
        stop.set()
        if opening is not None:
            opening.cancel()

    stop_on_signals(asyncio.get_running_loop(), asked_to_stop)
    try:
        async with opened as app:
            opening = None
            gc.collect()
            gc.freeze()  # what is built by now stays; to walk it again, now and then, stopped everything for a tenth of a second
            await app.run(stop)
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
        log.info("stopped while starting")


def _demo(asked: argparse.Namespace) -> int:
    from bot.cli.demo import demo

    return demo(asked)


def _paper(asked: argparse.Namespace) -> int:
    from bot.demo.practice import Source, ask_credentials, practise
    from bot.simulators.broker.settings import PaperSettings

    replay = None if asked.prices in ("walk", "live") else Path(asked.prices)
    settings = PaperSettings(data=asked.data, hours=asked.hours, seed=asked.seed, replay=replay)
    account = settings.accounts[0]
    source = Source.at(asked.source) if asked.source is not None else None
    live = ask_credentials(asked.environ, getpass.getpass) if asked.prices == "live" else None

    def ready(running: "Running") -> None:
        print(f"Paper broker at {running.rest_url}, socket {running.ws_url}, control desk {running.desk_url}/state")
        print(
            f"Client {account.client}, password {account.password}, API key {account.api_key}, TOTP seed {account.totp_seed}",
            flush=True,
        )

    async def go() -> None:
        await practise(
            settings, clock=SystemClock(), rng=random.SystemRandom(), port=asked.port, ready=ready, live=live, source=source
        )

    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(go())
    except PaperError:
        raise
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        why = "is taken" if error.errno == errno.EADDRINUSE else "is not allowed to this user"
        print(f"Port {asked.port} {why}. Choose another: --port 8701", file=sys.stderr)
        return FAILED
    return 0


def _check(asked: argparse.Namespace) -> int:
    from bot.cli.check import checkup
    from bot.cli.owner_commands import terminal

    settings = _settings(asked)
    findings = asyncio.run(checkup(settings, clock=SystemClock(), random_bytes=os.urandom, ask=terminal()))
    for finding in findings:
        print(escaped(finding.line))
    return FAILED if any(finding.bad for finding in findings) else 0


def _health(asked: argparse.Namespace) -> int:
    beats, line = health(asked.environ, Path(), SystemClock())
    print(line, file=sys.stdout if beats else sys.stderr)
    return 0 if beats else FAILED


def _people(asked: argparse.Namespace) -> int:
    from bot.cli.owner_commands import without_keys

    settings = _settings(asked)
    first = asked.act == "add" and asked.role == Role.OWNER and asked.account is None  # the first owner makes the database
    store = without_keys(settings, new=first)
    if store.made:
        print(f"There was no database here: {settings.database.resolve()} is a new one.")
    return asyncio.run(_change_people(asked, store))


async def _change_people(asked: argparse.Namespace, store: "SqlStore") -> int:
    from bot.trading.people.invitations import put_on_list, take_off_list, unlock

    now = SystemClock().now()
    async with store:
        if asked.act == "add":
            account = None
            if asked.account is not None:
                account = await store.transaction(lambda db: db.accounts.by_label(asked.account))
                if account is None:
                    print(f"There is no account “{asked.account}”.", file=sys.stderr)
                    return FAILED
            user = User(telegram_id=asked.id, name=asked.name or str(asked.id))
            role, account_id = Role(asked.role), account.id if account else None
            await store.transaction(lambda db: put_on_list(db, user, role, account_id, now))
            print(f"{asked.id} is {role} of {asked.account or 'every account'}.")
        elif asked.act == "remove":
            if not await store.transaction(lambda db: take_off_list(db, asked.id, now)):
                print(f"{asked.id} is not on the list.", file=sys.stderr)
                return FAILED
            print(f"{asked.id} is off the list.")
        elif asked.act == "unlock":
            opened = await store.transaction(lambda db: unlock(db, asked.id, now))
            print(f"{asked.id} is open and has no PIN." if opened else f"{asked.id} was neither sealed nor had a PIN.")
        else:
            listed = await store.transaction(lambda db: db.people.all())
            if not listed:
                print("Nobody is on the list: the bot answers nobody. Begin with: python -m bot people add ID --role owner")
            for user, account_id, role in listed:
                print(f"{user.telegram_id:>15}  {role:<9} {account_id or 'all accounts':<14} {escaped(user.name)}")
    return 0


def _link(asked: argparse.Namespace) -> int:
    from bot.app import open_connections, open_store
    from bot.cli.link import link_account
    from bot.cli.owner_commands import terminal
    from bot.runtime.logs import logging_to
    from bot.runtime.redaction import Redactor

    settings = _settings(asked)
    redactor = Redactor(settings.secrets())

    async def go() -> str:
        clock = SystemClock()
        store = open_store(settings, os.urandom, ask=terminal())
        async with store, open_connections(settings, clock=clock, random_bytes=os.urandom) as connections:
            return await link_account(
                settings, asked.label, store=store, connections=connections, clock=clock, random_bytes=os.urandom,
                redactor=redactor, ask=_without_echo, tell=lambda words: print(escaped(words)),
            )  # fmt: skip

    with logging_to(sys.stderr, redactor=redactor, clock=SystemClock(), level="WARNING"):
        print(escaped(asyncio.run(go())))
    return 0
