"""/export: trades, orders, P&L and the tax year as files."""

import asyncio
import re
from datetime import date
from functools import partial

from telegram.constants import ChatAction

from bot.domain.clock import ist_date
from bot.domain.errors import UsageError
from bot.domain.people.account import Permission
from bot.trading.money.exports import Export
from handlers.commands.command import Command
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.context.words.ranges import range_of
from handlers.telegram.documents import send_document
from handlers.views.money import export as views
from handlers.views.money.spreadsheet import csv_file, xlsx_file

EXAMPLE = "/export trades nov"
_USUAL = {Export.TAX: "year"}  # else the month


async def export(ctx: Ctx) -> None:
    """Two files of one range: a table for any program, and a workbook for Excel."""
    if not ctx.words:
        await ctx.reply(views.offer(ctx.label))
        return
    what, first, last = _asked(ctx.words, ist_date(ctx.now))
    await ctx.bot.send_chat_action(ctx.chat_id, ChatAction.UPLOAD_DOCUMENT)
    await ctx.services.summaries.look_again(ctx.actor)
    sheets = await ctx.services.exports.sheets(ctx.actor, what, first, last)
    if not any(sheet.rows for sheet in sheets):
        await ctx.reply(views.nothing(what, first, last))
        return
    name = views.file_name(what, first, last, label=ctx.label, mode=ctx.mode)
    loop = asyncio.get_running_loop()  # a year of an active account takes seconds to write
    table = await loop.run_in_executor(None, csv_file, sheets[0], name)
    book = await loop.run_in_executor(None, partial(xlsx_file, sheets, name, ctx.now))
    await send_document(ctx.bot, ctx.chat_id, book, views.caption(what, sheets[0], first, last, name=ctx.name, mode=ctx.mode))
    await send_document(ctx.bot, ctx.chat_id, table)


def _asked(words: str, today: date) -> tuple[Export, date, date]:
    name, _, rest = " ".join(words.lower().split()).partition(" ")
    if name not in set(Export):
        raise UsageError(f'"{re.sub(r"[^a-z0-9 ]", "", name)[:20]}" cannot be exported: {", ".join(Export)}.', example=EXAMPLE)
    what = Export(name)
    first, last = range_of(rest or _USUAL.get(what, "month"), today, example=EXAMPLE)
    return what, first, last


COMMANDS = (
    Command(
        name="export", arguments="<trades | orders | pnl | tax> [range]",
        help="A range as files for Excel and other programs; tax is the tax year", example=EXAMPLE,
        family=Family.MONEY, permission=Permission.LOOK, handler=export,
    ),
)  # fmt: skip
