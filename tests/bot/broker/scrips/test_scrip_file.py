"""The decoded scrip master on disk: the same instruments as a fresh decode, or none."""

import json
import os
from dataclasses import fields
from operator import attrgetter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.broker.scrips import scrip_file
from bot.broker.scrips.scrip_cache import ScripCache
from bot.broker.scrips.scrip_decoder import read_master
from bot.broker.scrips.scrip_master import INDEXES, Master
from bot.broker.transport import OpenSink
from bot.broker.wire.answers import Answer
from bot.domain.errors import StorageError
from bot.domain.market.instrument import Exchange, InstrumentKey
from tests.bot.broker.scrips.test_scrip_decoder import ROWS, written


def kept(directory: Path, rows: object) -> tuple[Path, Master]:
    """The broker's file, and the master that was decoded and kept."""
    path = written(directory, rows)
    master = read_master(path)
    scrip_file.keep(master, path, INDEXES)
    return path, master


def decoded_beside(path: Path) -> Path:
    """The file that keep() wrote."""
    return only(path.parent, ".columns")


def only(directory: Path, suffix: str) -> Path:
    """The one file there that ends so."""
    (place,) = (each for each in directory.iterdir() if each.suffix == suffix)
    return place


def same(one: Master, other: Master) -> bool:
    """Whether two masters hold the same instruments, in the same order, by row, by key and by column."""
    ours, theirs = one.columns(), other.columns()
    return (
        list(one) == list(other)
        and [one.find(row.key) for row in other] == list(other)
        and all(list(getattr(ours, name)) == list(getattr(theirs, name)) for name in map(attrgetter("name"), fields(ours)))
    )


def test_what_was_kept_holds_the_same_instruments(tmp_path: Path) -> None:
    path, master = kept(tmp_path, ROWS)
    again = scrip_file.restored(path, INDEXES)
    assert again is not None
    assert same(again, master)
    assert again.find(InstrumentKey(Exchange.NSE, "26000")) is not None, "an index that is in no file"
    assert again.find(InstrumentKey(Exchange.NSE, "nothing")) is None


@given(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=6))
def test_whatever_letters_a_symbol_has(tmp_path_factory: pytest.TempPathFactory, symbols: list[str]) -> None:
    directory = tmp_path_factory.mktemp("scrips")
    rows = [{**ROWS[0], "token": str(at), "symbol": symbol if symbol.isprintable() else "X"} for at, symbol in enumerate(symbols)]
    rows += [{**rows[0], "token": "last", "name": f"{''.join(filter(str.isprintable, symbols))}-EQ"}]
    path, master = kept(directory, rows)
    again = scrip_file.restored(path, INDEXES)
    assert again is not None
    assert same(again, master)


@given(st.data())
def test_one_spoiled_byte_or_a_cut_is_as_if_it_were_not_there(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path, _ = kept(tmp_path_factory.mktemp("scrips"), ROWS)
    place = decoded_beside(path)
    body = bytearray(place.read_bytes())
    at = data.draw(st.integers(0, len(body) - 1))
    if data.draw(st.booleans()):
        body[at] ^= data.draw(st.integers(1, 255))
    else:
        del body[at:]
    place.write_bytes(body)
    assert scrip_file.restored(path, INDEXES) is None


def test_it_is_believed_of_the_very_file_it_was_made_of_alone(tmp_path: Path) -> None:
    path, _ = kept(tmp_path, ROWS)
    age = path.stat()
    path.write_text(json.dumps(ROWS[:3]))
    os.utime(path, ns=(age.st_atime_ns, age.st_mtime_ns))
    assert scrip_file.restored(path, INDEXES) is None, "another length"
    path.write_text(json.dumps(ROWS))
    os.utime(path, ns=(age.st_atime_ns, age.st_mtime_ns + 1))
    assert scrip_file.restored(path, INDEXES) is None, "written later"
    os.utime(path, ns=(age.st_atime_ns, age.st_mtime_ns))
    assert scrip_file.restored(path, INDEXES) is not None
    assert scrip_file.restored(path, INDEXES[1:]) is None, "other indexes"
    path.unlink()
    assert scrip_file.restored(path, INDEXES) is None


async def test_a_start_takes_it_and_one_without_it_decodes_and_keeps(tmp_path: Path) -> None:
    async def download(open_sink: OpenSink) -> Answer:
        body = json.dumps(ROWS).encode()
        open_sink()(body)
        return Answer(200, body)

    fresh = await ScripCache(tmp_path, source="s").fetch(download)
    path, place = only(tmp_path, ".json"), only(tmp_path, ".columns")
    age = path.stat()
    path.write_bytes(b"x" * age.st_size)  # nothing that could be decoded
    os.utime(path, ns=(age.st_atime_ns, age.st_mtime_ns))
    taken = await ScripCache(tmp_path, source="s").load()
    assert taken is not None
    assert same(taken, fresh)

    path.write_text(json.dumps(ROWS))
    body = place.read_bytes()
    place.unlink()
    decoded = await ScripCache(tmp_path, source="s").load()
    assert decoded is not None
    assert same(decoded, fresh)
    assert len(place.read_bytes()) == len(body)


def test_one_that_is_in_use_reads_on_while_another_takes_its_place_and_when_it_is_gone(tmp_path: Path) -> None:
    path, master = kept(tmp_path, ROWS)
    old = scrip_file.restored(path, INDEXES)
    assert old is not None
    path.write_text(json.dumps(ROWS[:3]))
    new = scrip_file.keep(read_master(path), path, INDEXES)
    assert (len(new), len(old)) == (3 + len(INDEXES), len(master))
    decoded_beside(path).unlink()
    assert same(old, master)
    assert same(new, read_master(path))


def test_one_that_is_cut_off_while_it_is_in_use_gives_no_instrument_and_no_wrong_one(tmp_path: Path) -> None:
    path, _ = kept(tmp_path, ROWS)
    master = scrip_file.restored(path, INDEXES)
    assert master is not None
    place = decoded_beside(path)
    os.truncate(place, place.stat().st_size - 1)
    with pytest.raises(StorageError, match="cut off"):
        list(master.texts["name"])
    os.truncate(place, 0)
    with pytest.raises(StorageError, match="cut off"):
        master.find(InstrumentKey(Exchange.NSE, "22"))


def test_an_empty_one_and_one_of_a_version_before_are_as_if_they_were_not_there(tmp_path: Path) -> None:
    path, _ = kept(tmp_path, ROWS)
    place = decoded_beside(path)
    digest = place.read_bytes()[:32]
    for body in (b"", digest[:9], digest, digest + msgspec.msgpack.encode([{"token": ("22", b"\0\0\0\0")}, {}, b"", 0])):
        place.write_bytes(body)
        assert scrip_file.restored(path, INDEXES) is None


def test_where_it_cannot_be_written_the_master_is_taken_all_the_same(tmp_path: Path) -> None:
    path, master = kept(tmp_path, ROWS)
    place = decoded_beside(path)
    place.unlink()
    place.mkdir()
    assert scrip_file.keep(master, path, INDEXES) is master
    assert scrip_file.restored(path, INDEXES) is None
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([path.name, place.name]), "and nothing half done lies about"
