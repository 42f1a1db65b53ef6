"""Files that travel with a message: taken as the bot uploaded them or named them again, within Telegram's sizes."""

from typing import Final

from bot.simulators.telegram.bot_api.calls import Call, Upload
from bot.simulators.telegram.chat import pictures
from bot.simulators.telegram.chat.chats import Chats
from bot.simulators.telegram.chat.messages import File
from bot.simulators.telegram.errors import ApiError

LARGEST_PHOTO: Final = 10 * 1024 * 1024  # bytes
LARGEST_UPLOAD: Final = 50 * 1024 * 1024


def photo(chats: Chats, call: Call, where: str) -> File:
    """The picture under that name. ApiError as Telegram would refuse it as a photo."""
    upload = _uploaded(chats, call, where)
    if isinstance(upload, File):
        if not upload.width:
            raise ApiError(400, "Bad Request: can't use file of type Document as Photo")
        return upload
    if len(upload.content) > LARGEST_PHOTO:
        raise ApiError(400, "Bad Request: file is too big")
    size = pictures.size(upload.content)
    if size is None:
        raise ApiError(400, "Bad Request: IMAGE_PROCESS_FAILED")
    width, height = size
    if width + height > 10_000 or min(size) == 0 or max(size) > 20 * min(size):
        raise ApiError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    return chats.keep(
        name=upload.name,
        mime=pictures.mime(upload.content),
        content=upload.content,
        width=width,
        height=height,
    )


def document(chats: Chats, call: Call, where: str) -> File:
    """The document under that name. ApiError when there is none, or it is empty or too large."""
    upload = _uploaded(chats, call, where)
    if isinstance(upload, File):
        return upload
    return chats.keep(name=upload.name, mime=upload.mime, content=upload.content)


def _uploaded(chats: Chats, call: Call, where: str) -> Upload | File:
    known = chats.state.files.get(where)
    if known is not None:
        return known
    upload = call.upload(where)
    if upload is None:
        raise ApiError(400, "Bad Request: wrong file identifier/HTTP URL specified")
    if not upload.content:
        raise ApiError(400, "Bad Request: file must be non-empty")
    if len(upload.content) > LARGEST_UPLOAD:
        raise ApiError(413, "Request Entity Too Large")
    return upload
