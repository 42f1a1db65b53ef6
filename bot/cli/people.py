"""`python -m bot people`: who may talk to the bot."""

import argparse
import asyncio
import sys
from pathlib import Path

from bot.cli.exit_codes import DONE, FAILED
from bot.config.settings import Settings
from bot.database import without_keys
from bot.domain.clock import SystemClock
from bot.domain.people.account import Role, User
from bot.runtime.logs import escaped
from bot.trading.people.invitations import put_on_list, take_off_list, unlock
from storage.store import SqlStore


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The acts: add, remove, unlock, list."""
    acts = parser.add_subparsers(required=True, metavar="ACT", dest="act")
    add = acts.add_parser("add", help="put a person on the list, or change the role")
    add.add_argument("id", type=_person, help="the numeric Telegram id")
    add.add_argument("--role", choices=[role.value for role in Role], required=True)
    add.add_argument("--name", default="", help="how the person is called in messages")
    add.add_argument("--account", default=None, help="the label of one account; without it the role holds for all")
    remove = acts.add_parser("remove", help="take a person off the list, with every open card")
    remove.add_argument("id", type=_person)
    unlocking = acts.add_parser("unlock", help="open a sealed phone and take its PIN away: for a PIN that is forgotten")
    unlocking.add_argument("id", type=_person)
    acts.add_parser("list", help="who is on it")


def _person(words: str) -> int:
    """Reads a person's id, which is positive and has 52 bits at most (Bot API, User). A group's is negative."""
    if not words.isascii() or not words.isdigit() or not 0 < int(words) < 2**52:
        raise argparse.ArgumentTypeError(f"{words!r} is no person's Telegram id: a number, which @userinfobot and the like tell")
    return int(words)


def run(parsed: argparse.Namespace) -> int:
    """Does the act. The first owner makes the database."""
    settings = Settings.read(parsed.environ, directory=Path())
    first = parsed.act == "add" and parsed.role == Role.OWNER and parsed.account is None
    store = without_keys(settings, new=first)
    if store.made:
        print(f"There was no database here: {settings.database.resolve()} is a new one.")
    return asyncio.run(_change(parsed, store))


async def _change(parsed: argparse.Namespace, store: SqlStore) -> int:
    now = SystemClock().now()
    async with store:
        if parsed.act == "add":
            account = None
            if parsed.account is not None:
                account = await store.transaction(lambda db: db.accounts.by_label(parsed.account))
                if account is None:
                    print(f"There is no account “{parsed.account}”.", file=sys.stderr)
                    return FAILED
            user = User(telegram_id=parsed.id, name=parsed.name or str(parsed.id))
            role, account_id = Role(parsed.role), account.id if account else None
            await store.transaction(lambda db: put_on_list(db, user, role, account_id, now))
            print(f"{parsed.id} is {role} of {parsed.account or 'every account'}.")
        elif parsed.act == "remove":
            if not await store.transaction(lambda db: take_off_list(db, parsed.id, now)):
                print(f"{parsed.id} is not on the list.", file=sys.stderr)
                return FAILED
            print(f"{parsed.id} is off the list.")
        elif parsed.act == "unlock":
            opened = await store.transaction(lambda db: unlock(db, parsed.id, now))
            print(f"{parsed.id} is open and has no PIN." if opened else f"{parsed.id} was neither sealed nor had a PIN.")
        else:
            grants = await store.transaction(lambda db: db.people.all())
            if not grants:
                print("Nobody is on the list: the bot answers nobody. Begin with: python -m bot people add ID --role owner")
            for user, account_id, role in grants:
                print(f"{user.telegram_id:>15}  {role:<9} {account_id or 'all accounts':<14} {escaped(user.name)}")
    return DONE
