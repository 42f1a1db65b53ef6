"""The chats in memory: people and one bot who say, tap, edit, forward, delete.

Whoever watches is told of each change.

Three sides use it: the Bot API (`send`, `amend`, `erase`, `answer`, ...), people (`Person`, made by
`Chats.person`), and watchers (`Chats.events`). Nothing here knows HTTP.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bot.simulators.telegram.chat import entities
from bot.simulators.telegram.chat.messages import Chat, File, Json, Message, State, User, view, wire
from bot.simulators.telegram.chat.updates import Clock, UpdateQueue
from bot.simulators.telegram.chat.watching import Events, Watchers
from bot.simulators.telegram.errors import ApiError, PersonError
from bot.simulators.telegram.faults import Faults

# A tap wants its answer soon; later ones are refused.
TAP_LIFETIME: Final = timedelta(seconds=60)
DELETABLE_FOR: Final = timedelta(hours=48)

_YEAR_ZERO: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Tap:
    """A press on a button, until the bot has answered it and after."""

    user_id: int
    message_id: int
    data: str
    at: datetime
    answered: bool = False


class Chats:
    """One bot, the people who talk to it, and the groups it was taken into.

    Ids of messages and updates begin at the clock's seconds, so a demo started over a kept bot never repeats one, even
    when its own `state` was not kept (see `persistence.py`).
    """

    def __init__(
        self,
        clock: Clock,
        *,
        state: State | None = None,
        bot_id: int = 7_000_000_001,
        name: str = "mStock",
        username: str = "mstock_demo_bot",
    ) -> None:
        self.clock = clock
        self.bot = User(id=bot_id, name=name, username=username, is_bot=True)
        self.faults = Faults()
        #: Fields of getMe that differ from the usual, such as {"supports_inline_queries": True}.
        self.abilities: Json = {}
        self.state = state or State()
        self.state.message_id = max(self.state.message_id, int((clock.now() - _YEAR_ZERO).total_seconds()))
        self.state.update_id = max(self.state.update_id, int(clock.now().timestamp()))
        self.updates = UpdateQueue(clock, self.state)
        self.answers: list[Json] = []
        self._taps: dict[str, Tap] = {}
        self.pinned: dict[int, int] = {}  # chat -> the message on top of it
        self._watchers = Watchers()

    # People and places

    def person(self, user_id: int, *, name: str | None = None, username: str | None = None, started: bool = False) -> "Person":
        """The hands of a person. `started`: the bot may write first, as if they had talked before."""
        chat = self.state.chats.get(user_id)
        if chat is None:
            user = User(id=user_id, name=name or f"Person {user_id}", username=username)
            chat = Chat(id=user_id, kind="private", title=user.name, members={user_id: user})
            self.state.chats[user_id] = chat
        user = chat.members[user_id]
        user.name, user.username = name or user.name, username or user.username
        chat.open = chat.open or started
        return Person(self, user)

    def group(self, title: str, members: Iterable["Person"], *, kind: str = "group") -> Chat:
        """A group, supergroup or channel with these members into which the bot was taken."""
        self.state.serial += 1
        people = {each.user.id: each.user for each in members}
        chat = Chat(id=-1_000_000 - self.state.serial, kind=kind, title=title, members=people, open=True)
        self.state.chats[chat.id] = chat
        inviter = next(iter(people.values()), self.bot)
        self._membership(chat, inviter, "left", "member")
        return chat

    def chat(self, chat_id: int) -> Chat | None:
        """A chat that exists, whether the bot may write there or not."""
        return self.state.chats.get(chat_id)

    def writable(self, chat_id: int) -> Chat:
        """The chat to write to. ApiError 400 when the bot does not know it, 403 when it was blocked or put out."""
        chat = self.state.chats.get(chat_id)
        if chat is None or (not chat.open and chat.kind == "private"):
            raise ApiError(400, "Bad Request: chat not found")
        if chat.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if not chat.open:
            raise ApiError(403, f"Forbidden: bot is not a member of the {chat.kind} chat")
        return chat

    # What the bot does

    def send(self, chat: Chat, message: Message) -> Message:
        """Post a message of the bot."""
        self._post(chat, message)
        return message

    def new_message(self, chat: Chat, sender: User | None, **fields: Any) -> Message:
        """A message with the next id and the present date, not yet posted."""
        self.state.message_id += 1
        return Message(id=self.state.message_id, sender=sender, date=self.clock.now(), **fields)

    def amend(self, chat: Chat, message: Message) -> None:
        """Tell of an edit already made to `message`."""
        self._tell(chat, {"type": "edit"}, message)

    def touch(self, message: Message) -> None:
        """Mark a message as edited now."""
        message.edited = self.clock.now()

    def erase(self, chat: Chat, message_id: int) -> None:
        """The bot deletes a message. ApiError 400 when it is gone or older than 48 hours."""
        message = chat.present(message_id)
        if message is None:
            raise ApiError(400, "Bad Request: message to delete not found")
        own_or_private = message.from_bot or chat.kind == "private"
        if not own_or_private or self.clock.now() - message.date > DELETABLE_FOR:
            raise ApiError(400, "Bad Request: message can't be deleted for everyone")
        self._vanish(chat, message)

    def pin(self, chat: Chat, message_id: int) -> None:
        """The bot pins a message. ApiError 400 when it is gone."""
        if chat.present(message_id) is None:
            raise ApiError(400, "Bad Request: message to pin not found")
        self.pinned[chat.id] = message_id

    def answer(self, query_id: str, *, text: str, alert: bool, url: str | None) -> None:
        """Answer a tap. ApiError 400 when it is unknown or too old."""
        tap = self._taps.get(query_id)
        if tap is None or self.clock.now() - tap.at > TAP_LIFETIME:
            raise ApiError(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        if tap.answered:
            return
        tap.answered = True
        event = {
            "type": "answer",
            "query_id": query_id,
            "user_id": tap.user_id,
            "message_id": tap.message_id,
            "data": tap.data,
            "text": text or None,
            "alert": alert,
            "url": url,
        }
        self.answers.append(event)
        self._watchers.tell([tap.user_id], event)

    def act(self, chat: Chat, action: str) -> None:
        """Show what the bot is about to do, such as `typing`."""
        self._watchers.tell(chat.members, {"type": "action", "action": action})

    def leave(self, chat: Chat) -> None:
        """The bot leaves a group or channel."""
        chat.open = False
        self._membership(chat, self.bot, "member", "left")

    def set_commands(self, scope: tuple[str | int, ...], commands: list[Json]) -> None:
        """The command menu for one scope. An empty list removes it."""
        if commands:
            self.state.menus[_key(scope)] = commands
        else:
            self.state.menus.pop(_key(scope), None)
        for user_id in self._watchers.watched():
            self._watchers.tell([user_id], {"type": "commands", "commands": self.menu(user_id)})

    def commands(self, scope: tuple[str | int, ...]) -> list[Json]:
        """The command menu that was set for exactly this scope."""
        return self.state.menus.get(_key(scope), [])

    def menu(self, user_id: int) -> list[Json]:
        """The commands one person sees in the private chat: the narrowest scope that was set."""
        for scope in (f"chat:{user_id}", "all_private_chats", "default"):
            if scope in self.state.menus:
                return self.state.menus[scope]
        return []

    def keep(self, *, name: str, mime: str, content: bytes, width: int = 0, height: int = 0) -> File:
        """Store an upload."""
        self.state.serial += 1
        file_id = f"F{self.state.message_id}x{self.state.serial}"
        file = File(id=file_id, name=name, mime=mime, content=content, width=width, height=height)
        self.state.files[file.id] = file
        return file

    # What people do (through Person)

    def post_from(self, chat: Chat, message: Message) -> None:
        """Post a person's message and hand it to the bot."""
        chat.open = chat.open or chat.kind == "private"
        self._post(chat, message)
        if chat.open and not chat.blocked:
            kind = "channel_post" if chat.kind == "channel" else "message"
            self.updates.put({kind: wire(chat, message)})

    def edited_by(self, chat: Chat, message: Message) -> None:
        """A person's own edit: shown, and handed to the bot."""
        self.touch(message)
        self.amend(chat, message)
        kind = "edited_channel_post" if chat.kind == "channel" else "edited_message"
        self.updates.put({kind: wire(chat, message)})

    def vanish(self, chat: Chat, message: Message) -> None:
        """A person deletes a message for both sides. The bot is not told."""
        self._vanish(chat, message)

    def tap(self, user: User, chat: Chat, message_id: int, data: str) -> str:
        """Hand a tap to the bot, unchecked. Returns the id of the query."""
        self.state.serial += 1
        query_id = f"{int(self.clock.now().timestamp())}{self.state.serial:06d}"
        self._taps[query_id] = Tap(user_id=user.id, message_id=message_id, data=data, at=self.clock.now())
        message = chat.present(message_id)
        shown = wire(chat, message) if message is not None else {"chat": chat.wire(), "message_id": message_id, "date": 0}
        query = {
            "id": query_id,
            "from": user.wire(),
            "message": shown,
            "chat_instance": str(chat.id * 7919),
            "data": data,
        }
        self.updates.put({"callback_query": query})
        return query_id

    def block(self, user_id: int, *, blocked: bool = True) -> None:
        """A person blocks the bot, or takes it back."""
        chat = self.state.chats[user_id]
        if chat.blocked != blocked:
            chat.blocked = blocked
            self._membership(chat, chat.members[user_id], *(("member", "kicked") if blocked else ("kicked", "member")))

    def inject(self, update: Json) -> int | None:
        """Hand any update to the bot as it is (its id is added), for attacks.

        Returns its id, unless the bot wants no such kind.
        """
        return self.updates.put(update)

    # Watching

    @property
    def event_number(self) -> int:
        """How many events there were. Each change of a message carries the number of its own."""
        return self._watchers.count

    def events(self, user_id: int) -> Events:
        """Everything that happens in this person's chats from now on."""
        return self._watchers.watch(user_id)

    async def change(self) -> None:
        """Wait for the next event in any chat."""
        await self._watchers.change()

    def _post(self, chat: Chat, message: Message) -> None:
        chat.messages[message.id] = message
        self._tell(chat, {"type": "message"}, message)

    def _vanish(self, chat: Chat, message: Message) -> None:
        message.deleted = True
        self._watchers.tell(chat.members, {"type": "delete", "message_id": message.id})
        message.changed = self.event_number

    def _tell(self, chat: Chat, event: Json, message: Message) -> None:
        shown = {"chat_id": chat.id} if chat.kind != "private" else {}
        self._watchers.tell(chat.members, {**event, **shown, "message": view(message)})
        message.changed = self.event_number

    def _membership(self, chat: Chat, by: User, old: str, new: str) -> None:
        def member(status: str) -> Json:
            return {"user": self.bot.wire(), "status": status} | ({"until_date": 0} if status == "kicked" else {})

        self.updates.put(
            {
                "my_chat_member": {
                    "chat": chat.wire(),
                    "from": by.wire(),
                    "date": int(self.clock.now().timestamp()),
                    "old_chat_member": member(old),
                    "new_chat_member": member(new),
                }
            }
        )


def _key(scope: tuple[str | int, ...]) -> str:
    return ":".join(map(str, scope))


class Person:
    """The hands of one person: everything they can do, in their private chat unless another chat is named."""

    def __init__(self, chats: Chats, user: User) -> None:
        self.chats = chats
        self.user = user

    @property
    def private(self) -> Chat:
        """The private chat with the bot."""
        chat = self.chats.chat(self.user.id)
        if chat is None:
            raise PersonError(f"person {self.user.id} has no chat")
        return chat

    def say(self, text: str, reply_to: int | None = None, *, chat: Chat | None = None) -> Json:
        """Send a text or a command. Returns the message. PersonError when it is empty, too long, or replies to nothing."""
        place = chat or self.private
        plain, found = entities.finish(entities.clean(text), [])
        if not plain or entities.utf16(plain) > 4096:
            raise PersonError("a message has 1 to 4096 characters")
        if reply_to is not None and place.present(reply_to) is None:
            raise PersonError(f"message {reply_to} is gone")
        sender = None if place.kind == "channel" else self.user
        message = self.chats.new_message(place, sender, text=plain, entities=found, reply_to=reply_to)
        self.chats.post_from(place, message)
        return view(message)

    def forward(self, text: str, author: str = "Somebody", *, author_id: int = 990_001) -> Json:
        """Forward somebody else's text to the bot."""
        plain, found = entities.finish(entities.clean(text), [])
        origin = User(id=author_id, name=author)
        message = self.chats.new_message(self.private, self.user, text=plain, entities=found, forwarded_from=origin)
        self.chats.post_from(self.private, message)
        return view(message)

    def send_file(self, name: str, content: bytes, *, mime: str = "application/octet-stream", caption: str = "") -> Json:
        """Send a document."""
        file = self.chats.keep(name=name, mime=mime, content=content)
        plain, found = entities.finish(entities.clean(caption), [])
        message = self.chats.new_message(self.private, self.user, text=plain, entities=found, document=file)
        self.chats.post_from(self.private, message)
        return view(message)

    def edit(self, message_id: int, text: str) -> Json:
        """Edit an own message."""
        message = self._present(message_id)
        if message.sender is None or message.sender.id != self.user.id:
            raise PersonError("only own messages can be edited")
        message.text, message.entities = entities.finish(entities.clean(text), [])
        self.chats.edited_by(self.private, message)
        return view(message)

    def remove(self, message_id: int) -> None:
        """Delete a message for both sides."""
        self.chats.vanish(self.private, self._present(message_id))

    def tap(self, message_id: int, data: str) -> str:
        """Press the button with this callback data.

        Returns the query's id. PersonError when the message or the button is gone.
        """
        message = self._present(message_id)
        if data not in message.button_data():
            raise PersonError(f"message {message_id} has no button with data {data!r}")
        return self.chats.tap(self.user, self.private, message_id, data)

    def forge(self, message_id: int, data: str) -> str:
        """Send a tap as an altered client could: any data, on any message. Returns the query's id."""
        return self.chats.tap(self.user, self.private, message_id, data)

    def block(self) -> None:
        """Block the bot."""
        self.chats.block(self.user.id)

    def unblock(self) -> None:
        """Take the block back."""
        self.chats.block(self.user.id, blocked=False)

    def history(self) -> list[Json]:
        """The private chat as it shows now, oldest first."""
        return [view(each) for each in self.private.messages.values() if not each.deleted]

    def events(self) -> Events:
        """Everything that happens in this person's chats from now on."""
        return self.chats.events(self.user.id)

    def menu(self) -> list[Json]:
        """The commands this person is offered."""
        return self.chats.menu(self.user.id)

    def _present(self, message_id: int) -> Message:
        message = self.private.present(message_id)
        if message is None:
            raise PersonError(f"message {message_id} is gone")
        return message
