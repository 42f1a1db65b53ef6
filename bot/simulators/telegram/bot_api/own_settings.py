"""What the bot sets about itself, and Telegram remembers: its command menus, its texts, and whether it polls or is called."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from bot.simulators.telegram.bot_api.calls import Call, Method
from bot.simulators.telegram.chat.chats import Chats
from bot.simulators.telegram.chat.messages import Json
from bot.simulators.telegram.errors import ApiError

MOST_COMMANDS: Final = 100
WEBHOOK_PORTS: Final = frozenset({80, 88, 443, 8443})

_COMMAND: Final = re.compile(r"[a-z0-9_]{1,32}")
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")


class OwnSettings:
    """The methods by which a bot sets itself up, by name."""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats
        self._texts: dict[str, str] = {}
        self.methods: Mapping[str, Method] = {
            "setmycommands": self.set_my_commands,
            "deletemycommands": self.delete_my_commands,
            "getmycommands": self.get_my_commands,
            "setwebhook": self.set_webhook,
            "deletewebhook": self.delete_webhook,
            "getwebhookinfo": self.get_webhook_info,
        } | {
            f"{verb}my{what}": self._text_method(verb, what)
            for verb in ("set", "get")
            for what in ("name", "description", "shortdescription")
        }

    async def set_my_commands(self, call: Call) -> bool:
        """The command menu of one scope."""
        commands = call.json("commands")
        if not isinstance(commands, list):
            raise ApiError(400, "Bad Request: can't parse commands JSON object")
        if len(commands) > MOST_COMMANDS:
            raise ApiError(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
        self._chats.set_commands(self._scope(call), [_command(each) for each in commands])
        return True

    async def delete_my_commands(self, call: Call) -> bool:
        """Take the command menu of one scope away."""
        self._chats.set_commands(self._scope(call), [])
        return True

    async def get_my_commands(self, call: Call) -> list[Json]:
        """The command menu of one scope."""
        return self._chats.commands(self._scope(call))

    async def set_webhook(self, call: Call) -> bool:
        """Remember a webhook, which ends polling. The demo itself never calls it."""
        url = call.text("url")
        if not url:
            return await self.delete_webhook(call)
        parts = urlsplit(url)
        if parts.scheme != "https":
            raise ApiError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if (parts.port or 443) not in WEBHOOK_PORTS:
            raise ApiError(400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
        secret = call.text("secret_token")
        if secret and not _SECRET.fullmatch(secret):
            raise ApiError(400, "Bad Request: secret token contains unallowed characters")
        self._chats.updates.interrupt("Conflict: terminated by setWebhook request")
        self._chats.updates.webhook = url
        self._drop(call)
        return True

    async def delete_webhook(self, call: Call) -> bool:
        """Back to polling."""
        self._chats.updates.webhook = ""
        self._drop(call)
        return True

    async def get_webhook_info(self, _: Call) -> Json:
        """The webhook, and how much waits."""
        updates = self._chats.updates
        return {
            "url": updates.webhook,
            "has_custom_certificate": False,
            "pending_update_count": len(updates.pending),
        }

    def _text_method(self, verb: str, what: str) -> Method:
        """setMyName, getMyDescription and the like."""
        key = {"shortdescription": "short_description"}.get(what, what)

        async def write(call: Call) -> bool:
            self._texts[key] = call.text(key)
            return True

        async def read(_: Call) -> Json:
            return {key: self._texts.get(key, self._chats.bot.name if key == "name" else "")}

        return write if verb == "set" else read

    def _drop(self, call: Call) -> None:
        self._chats.updates.allow(call.allowed_updates())
        if call.truth("drop_pending_updates"):
            self._chats.updates.forget_all()

    def _scope(self, call: Call) -> tuple[str | int, ...]:
        scope = call.json("scope") or {"type": "default"}
        if not isinstance(scope, dict) or "type" not in scope:
            raise ApiError(400, "Bad Request: can't parse BotCommandScope")
        inner = Call(method=call.method, params=scope)
        parts: list[str | int] = [str(scope["type"])]
        if scope["type"] in ("chat", "chat_administrators", "chat_member"):
            parts.append(self._chats.writable(inner.chat_id()).id)
        if scope["type"] == "chat_member":
            parts.append(inner.number("user_id"))
        if language := call.text("language_code"):
            parts.append(language)
        return tuple(parts)


def _command(given: Any) -> Json:
    if not isinstance(given, dict) or not isinstance(given.get("command"), str):
        raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
    command = given["command"].removeprefix("/")
    if not _COMMAND.fullmatch(command):
        raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
    description = given.get("description")
    if not isinstance(description, str) or not 1 <= len(description.strip()) <= 256:
        raise ApiError(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": command, "description": description.strip()}
