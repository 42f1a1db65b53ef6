"""The size of a picture, from its own header."""

import struct
import zlib

import pytest

from bot.simulators.telegram.chat.pictures import mime, size


def png(width: int, height: int) -> bytes:
    """A grey picture that any reader opens."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x80" * width for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg(width: int, height: int) -> bytes:
    """The beginning of a picture as cameras write it: a comment and a table before the frame."""
    comment = b"\xff\xfe" + struct.pack(">H", 2 + 5) + b"hello"
    table = b"\xff\xc4" + struct.pack(">H", 2 + 3) + b"\0\0\0"
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\1\x11\0"
    return b"\xff\xd8" + comment + table + frame + b"\xff\xd9"


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        (png(640, 320), "image/png", (640, 320)),
        (jpeg(390, 844), "image/jpeg", (390, 844)),
        (b"GIF89a" + struct.pack("<HH", 3, 2), "image/gif", (3, 2)),
        (b"", "application/octet-stream", None),
        (b"\x89PNG\r\n\x1a\n", "image/png", None),
        (b"\xff\xd8\xff", "image/jpeg", None),
        (b"<svg/>", "application/octet-stream", None),
    ],
)
def test_a_picture_says_what_and_how_large_it_is(content: bytes, kind: str, expected: tuple[int, int] | None) -> None:
    assert (mime(content), size(content)) == (kind, expected)
