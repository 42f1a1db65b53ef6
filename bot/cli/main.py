"""The command line on the host: reads arguments and starts one command.

Each command is a file of its name in this folder, which is imported when the command is called: `health` and `--version`
load no library.
"""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from importlib import import_module

from bot import __version__
from bot.cli.exit_codes import DONE, FAILED, INTERRUPTED, WRONG_SETTINGS
from bot.domain.errors import BotError, SettingsError, UsageError, VaultError
from bot.domain.people.origin import on_host, origin
from bot.runtime.hardening import Whoami, harden, process_environment, trusting_nobody
from bot.runtime.logs import escaped
from bot.simulators.broker.faults.errors import PaperError

# Command -> what it does. Its file holds `run`, and `add_arguments` where it takes any.
COMMANDS = {
    "run": "the bot, against Telegram and the broker that MODE names",
    "demo": "the bot with a chat in the browser and a paper broker, without any account",
    "paper": "the paper broker alone, on this host",
    "check": "what is missing or wrong in the settings, and the address that mStock will see",
    "health": "whether the running bot's heart beats, for a container's health check",
    "people": "who may talk to the bot",
    "link": "asks for an account's secrets without echo, tries the login, then stores them sealed",
    "key": "the keys that seal every secret",
    "backup": "a checked copy of the database, without keys; the bot may run",
    "restore": "puts a backup in the database's place; trading stays stopped until /resume",
    "panic": "a lost phone: stops every account, seals every phone, ends every session, at once",
    "audit": "the record of acts",
    "diagnose": "a report on the bot that can be shown to anybody: no secret has a way into it",
    "calendar": "what the calendar knows of a day, and from which source",
    "charges": "every rate with its source; or what an order would cost, line by line",
}
SERVING = ("run", "demo", "paper")  # what these do is done for somebody in a chat, or by itself


def main(
    arguments: Sequence[str],
    *,
    environ: Mapping[str, str] | None = None,
    whoami: Whoami | None = None,
    harden: Callable[[], object] = harden,
) -> int:
    """Runs one command and returns the exit code: 0 done, 1 failed (try again), 2 will never work as it is set up.

    environ, whoami: the settings and the user, where they are not those of this process. harden: closes the process.
    """
    parsed = build_parser(arguments).parse_args(arguments)
    parsed.environ = process_environment() if environ is None else environ
    parsed.whoami = whoami or Whoami.now()
    harden()
    if parsed.command not in SERVING:
        origin.set(on_host(" ".join(word for word in (parsed.command, getattr(parsed, "act", "")) if word)))
    try:
        run: Callable[[argparse.Namespace], int] = parsed.run
        return _flushed(run(parsed))
    except (SettingsError, VaultError, PaperError) as error:
        print(escaped(error.say), file=sys.stderr)
        return WRONG_SETTINGS
    except UsageError as error:
        print(escaped(f"{error.say} Try: {error.example}"), file=sys.stderr)
        return WRONG_SETTINGS
    except BotError as error:
        print(escaped(error.say), file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # who reads it, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left has somewhere to go
        return DONE
    except OSError as error:  # the host's own refusals: a file that cannot be made, an address that is taken
        print(f"{error.filename or 'This host'}: {error.strerror or type(error).__name__}.", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def _flushed(code: int) -> int:
    """The same code, once all that was printed has left. BrokenPipeError where nobody reads it any more."""
    sys.stdout.flush()
    return code


def build_parser(typed: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Knows every command by name. Only the one that was typed is imported and has its arguments."""
    parser = argparse.ArgumentParser(prog="python -m bot", description="Run an mStock account from a phone.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    wanted = next((word for word in typed if not word.startswith("-")), None)
    for name, says in COMMANDS.items():
        command = commands.add_parser(name, help=says, description=says)
        if name == wanted:
            _load(name, command)
    return parser


def _load(name: str, command: argparse.ArgumentParser) -> None:
    gc.disable()  # what is imported stays: to walk it again and again took a sixth of the start, and once a tenth of a second
    with trusting_nobody() if name == "run" else nullcontext():
        module = import_module(f"bot.cli.{name}")
    gc.freeze()  # with what the imports left behind, which `run` lets go later
    gc.enable()
    if hasattr(module, "add_arguments"):
        module.add_arguments(command)
    command.set_defaults(run=module.run)
