"""What Telegram gave us is stored once, kept until it is handled, and forgets what it held."""

from datetime import timedelta
from pathlib import Path

from bot.domain.ports.inbox import InboxEntry
from storage.inbox import SqlInbox
from storage.store import SqlStore
from tests.storage.samples import NOW, PERSON, a_store

HOUR = timedelta(hours=1)


def entry(update_id: int, late: timedelta = timedelta(0)) -> InboxEntry:
    return InboxEntry(update_id=update_id, user_id=PERSON, body=f'{{"text": "CANARY {update_id}"}}', received_at=NOW + late)


async def test_an_update_is_taken_once_however_often_it_comes(store: SqlStore) -> None:
    inbox = SqlInbox(store)
    assert await inbox.add([]) == []
    assert await inbox.add([entry(1), entry(2)]) == [entry(1), entry(2)]
    assert await inbox.add([entry(2), entry(3), entry(3)]) == [entry(3)]
    await inbox.done(1, NOW)
    assert await inbox.add([entry(1)]) == []


async def test_after_a_stop_what_was_not_handled_waits_in_the_order_it_came(tmp_path: Path) -> None:
    store = await a_store(tmp_path / "bot.db")
    # After a week without updates Telegram begins anew at a random id, so the id alone does not tell what is older.
    await SqlInbox(store).add([entry(900), entry(901)])
    await SqlInbox(store).add([entry(7, HOUR)])
    await SqlInbox(store).done(901, NOW)
    await store.close()
    again = await a_store(tmp_path / "bot.db")
    assert await SqlInbox(again).waiting() == [entry(900), entry(7, HOUR)]
    assert await SqlInbox(again).highest() == 901
    await again.close()


async def test_a_handled_update_leaves_no_text_behind(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    store = await a_store(path)
    await SqlInbox(store).add([entry(1)])
    await SqlInbox(store).done(1, NOW)
    await store.close()
    assert b"CANARY 1" not in path.read_bytes()


async def test_old_ones_are_forgotten_once_handled_but_the_highest_stays(store: SqlStore) -> None:
    inbox = SqlInbox(store)
    assert await inbox.highest() is None
    await inbox.add([entry(1), entry(2), entry(3), entry(4)])
    for update_id in (1, 2, 4):
        await inbox.done(update_id, NOW + HOUR if update_id == 2 else NOW)
    assert await inbox.forget_before(NOW + HOUR) == 1
    assert await inbox.highest() == 4
    assert await inbox.waiting() == [entry(3)]
    assert await inbox.add([entry(2), entry(4)]) == []
