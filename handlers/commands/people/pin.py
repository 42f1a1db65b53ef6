"""/pin /lock /unlock, the keypad, and the act that waits behind it.

Digits are tapped, never typed, so no message ever holds them. The
act that waits is held in memory, so after a restart the person asks anew.
"""

from bot.domain.errors import PinWanted, UsageError
from bot.domain.people.access import PadEnded, PadUse
from bot.domain.people.account import Actor, Permission
from handlers.commands.command import Command
from handlers.context.command import Family
from handlers.context.context import Ctx, Waiting
from handlers.telegram.rate_limits import Priority
from handlers.views.message import message
from handlers.views.people import pin as views
from handlers.views.people.account import secret_hidden
from handlers.views.taps.taps import PadTap


async def pin(ctx: Ctx) -> None:
    """`/pin` sets one, or says what there is. `/pin change`, `/pin remove`."""
    uses = {"set": PadUse.SET, "change": PadUse.CHANGE, "remove": PadUse.REMOVE}
    word = ctx.words.lower()
    state = await ctx.services.pins.state(ctx.actor)
    if not word:
        await (ctx.reply(views.state(state), marked=False) if state.set else _show(ctx, PadUse.SET))
    elif word in uses:
        await _show(ctx, uses[word])
    else:
        if any(character.isdigit() for character in word):
            await ctx.reply(message(secret_hidden(deleted=await ctx.delete_words())), marked=False)
        raise UsageError("Your PIN is tapped, never typed. set, change or remove?", example="/pin change")


async def lock(ctx: Ctx) -> None:
    """Locks this person's phone. Without a PIN it asks first, because then only the host can unlock it."""
    state = await ctx.services.pins.state(ctx.actor)
    if not state.set and ctx.words.lower() != "now":
        await ctx.reply(views.lock_without_pin(), marked=False)
        return
    await ctx.reply(
        views.phone_locked(await ctx.services.pins.lock(ctx.actor), ctx.chat_id), priority=Priority.FIRST, marked=False
    )


async def unlock(ctx: Ctx) -> None:
    """Asks for the PIN that unlocks the phone."""
    if not ctx.actor.phone_locked:
        await ctx.reply(views.not_sealed(), marked=False)
        return
    await _show(ctx, PadUse.UNSEAL)


async def ask(ctx: Ctx, request: PinWanted, waiting: Waiting) -> None:
    """Shows the keypad for the one act that waits behind it."""
    pad = await ctx.services.pins.open(ctx.actor, PadUse.PROVE, proof=request.proof)
    ctx.state.wait_for_pin(pad.id, waiting)
    await ctx.reply(views.pad(pad, request.say), priority=Priority.FIRST, marked=False)


async def _show(ctx: Ctx, use: PadUse) -> None:
    await ctx.reply(views.pad(await ctx.services.pins.open(ctx.actor, use), ""), marked=False)


async def tapped(ctx: Ctx, tap: PadTap) -> Waiting | None:
    """Takes one key. Returns the act that waited when the PIN was right."""
    actor: Actor = ctx.actor
    if tap.place is None:
        ctx.services.pins.close(actor, tap.pad_id)
        ctx.state.take_waiting(tap.pad_id)
        await ctx.redraw(views.given_up(), marked=False)
        return None
    outcome = await ctx.services.pins.press(actor, tap.pad_id, tap.place)
    if not isinstance(outcome, PadEnded):
        await ctx.redraw(views.pad(outcome, ""), marked=False)
        return None
    waiting = ctx.state.take_waiting(tap.pad_id)
    await ctx.redraw(views.ended(outcome), marked=False)
    return waiting if outcome.right else None


COMMANDS = (
    Command(
        name="lock", help="Lock this phone: it shows and sends nothing until it is unlocked", example="/lock",
        family=Family.SAFETY, permission=Permission.OWN, handler=lock,
    ),
    Command(
        name="unlock", help="Open a sealed phone with your PIN", example="/unlock",
        family=Family.SAFETY, permission=Permission.OWN, handler=unlock,
    ),
    Command(
        name="pin", arguments="[change | remove]", help="A PIN, tapped on a keypad, for what is large or loosens",
        example="/pin", family=Family.SAFETY, permission=Permission.OWN, handler=pin,
    ),
)  # fmt: skip
