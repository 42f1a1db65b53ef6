"""/people: the list, an invitation by one-time link, taking somebody off, and the use of such a link."""

from bot.domain.errors import UsageError
from bot.domain.people.access import Welcome
from bot.domain.people.account import Permission, Role
from handlers.commands.command import Command
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.views.people import people as views

_EXAMPLE = "/people add trader"


async def people(ctx: Ctx) -> None:
    """`/people`, `/people add <role> [account]`, `/people remove <id or name>`."""
    verb, _, rest = ctx.words.partition(" ")
    match verb.lower():
        case "":
            await ctx.reply(views.people(await ctx.services.accounts.people(ctx.actor)), marked=False)
        case "add":
            await _invite(ctx, rest.split())
        case "remove":
            if not rest.strip():
                raise UsageError("Whom? The id or the name, as /people shows it.", example="/people remove 4212")
            await ctx.reply(views.removed(await ctx.services.invitations.remove(ctx.actor, rest.strip())), marked=False)
        case _:
            raise UsageError(f"“{verb}” is not one of add and remove.", example=_EXAMPLE)


async def _invite(ctx: Ctx, words: list[str]) -> None:
    roles = {role.value: role for role in Role}
    if not words or words[0].lower() not in roles or len(words) > 2:
        raise UsageError(f"In which role? One of {', '.join(roles)}, and perhaps an account.", example=_EXAMPLE)
    label = words[1] if len(words) == 2 else None
    invited = await ctx.services.invitations.invite(ctx.actor, roles[words[0].lower()], label)
    link = f"https://t.me/{ctx.bot.username}?start={invited.code.reveal()}"
    await ctx.reply(views.invited(invited, link), marked=False)


async def came(ctx: Ctx, code: str) -> None:
    """Joins somebody who is on the list already, perhaps to another account."""
    name = ctx.actor.user.name
    outcome = await ctx.services.invitations.join(ctx.chat_id, name, code)
    if isinstance(outcome, Welcome):
        await ctx.reply(views.welcome(outcome), marked=False)
    else:
        await ctx.reply(views.no_entry(outcome or "I don't know this link. Nothing was done."), marked=False)


COMMANDS = (
    Command(
        name="people", arguments="[add role [account] | remove person]", help="Who may use the bot; invite, take off",
        example="/people add trader", family=Family.HOST, permission=Permission.ADMIN, handler=people,
    ),
)  # fmt: skip
