"""Telegram's command menu.

It offers each person what the role may use, and a stranger nothing.
"""

import logging
from collections.abc import Sequence

from telegram import BotCommand, BotCommandScopeChat, BotCommandScopeDefault
from telegram.error import BadRequest, Forbidden, TelegramError
from telegram.ext import ExtBot

from bot.domain.people.account import Role
from handlers.context.command import CommandInfo
from handlers.telegram.rate_limits import Priority

_log = logging.getLogger(__name__)


def menu_of(role: Role, commands: Sequence[CommandInfo]) -> list[BotCommand]:
    """The commands of a role in the order of the table. Telegram takes names of letters only."""
    return [BotCommand(command.name, command.help[:256]) for command in commands if command.in_menu and command.is_for(role)]


async def offer_menu(bot: ExtBot[Priority], person: int, role: Role, commands: Sequence[CommandInfo]) -> None:
    """Sets one person's menu. A chat that does not exist yet, or is closed to us, is no error."""
    try:
        await bot.set_my_commands(menu_of(role, commands), scope=BotCommandScopeChat(person))
    except (BadRequest, Forbidden) as error:
        _log.info("no command menu for %s yet: %s", person, error.message)


async def offer_menus(bot: ExtBot[Priority], people: Sequence[tuple[int, Role]], commands: Sequence[CommandInfo]) -> None:
    """Sets everybody's menu at the start. The bot starts also when Telegram cannot be reached."""
    try:
        await bot.delete_my_commands(scope=BotCommandScopeDefault())
        for person, role in people:
            await offer_menu(bot, person, role, commands)
    except TelegramError as error:
        _log.warning("the command menus were not set: %s", error.message)
