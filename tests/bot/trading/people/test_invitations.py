"""People join by a link that works once, leave at once, and whoever tries the door is named to the owners (T14)."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import CheckFailed, ConfirmationGone, NotAllowed, NotFound, PinWanted
from bot.domain.news.people import PersonJoined, PersonRemoved, Tried
from bot.domain.people.access import Welcome
from bot.domain.people.account import Account, Role, User
from bot.simulators.loop import LoopClock
from bot.trading.people.invitations import MOST_NEWS, digest
from tests.bot.trading.desk.asked import LIMIT
from tests.stage.access import access
from tests.stage.desk import DeskStage, set_stage
from tests.storage.samples import ACCOUNT, CREDENTIALS, NOW, PERSON

RAVI, MALLORY = 2002, 666
OVER = "This link is over"


async def a_code(stage: DeskStage, role: Role = Role.TRADER, label: str | None = None) -> str:
    return (await access(stage, seed=40).invitations.invite(stage.actor, role, label)).code.reveal()


async def test_an_invited_person_is_on_the_list_at_once_and_the_owner_hears_of_it(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    code = await a_code(stage)
    welcome = await at.invitations.join(RAVI, "  Ravi\n <b>Kumar</b> ", code)
    assert welcome == Welcome(role=Role.TRADER, label=None, by="Asha")
    assert at.allowlist.known(RAVI)
    assert await stage.store.transaction(lambda db: db.people.role_on(RAVI, ACCOUNT.id)) is Role.TRADER
    told = [each for each in await stage.notices() if isinstance(each, PersonJoined)]
    assert [(each.name, each.telegram_id, each.role) for each in told] == [("Ravi <b>Kumar</b>", RAVI, "trader")]
    assert len(code) == 26, "128 bits in base32"


async def test_of_a_hundred_who_open_the_link_one_joins(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    code = await a_code(stage)
    outcomes = await asyncio.gather(*(at.invitations.join(person, "x", code) for person in range(5000, 5100)))
    assert sum(isinstance(outcome, Welcome) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, str) and OVER in outcome for outcome in outcomes) == 99
    assert len(await stage.store.transaction(lambda db: db.people.all())) == 2


async def test_a_used_and_an_expired_link_let_nobody_in(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    used, late = await a_code(stage), (await at.invitations.invite(stage.actor, Role.OWNER, None)).code.reveal()
    await at.invitations.join(RAVI, "Ravi", used)
    outcome = await at.invitations.join(MALLORY, "Mallory", used)
    assert isinstance(outcome, str)
    assert OVER in outcome
    await asyncio.sleep(timedelta(minutes=10).total_seconds())
    outcome = await at.invitations.join(MALLORY, "Mallory", late)
    assert isinstance(outcome, str)
    assert await stage.store.transaction(lambda db: db.people.find(MALLORY)) is None
    tried = [each for each in await stage.notices() if isinstance(each, Tried)]
    assert {(each.telegram_id, each.what) for each in tried} == {
        (MALLORY, "came with a joining link that was used or had expired")
    }


async def test_brute_force_finds_silence_and_rings_a_bounded_number_of_times(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await a_code(stage)
    chance = random.Random(3)
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    for number in range(300):
        person = MALLORY if number < 100 else 10_000 + number  # one who insists, then a crowd
        code = "".join(chance.choices(letters, k=26))
        assert await at.invitations.join(person, "Mallory", code) is None
    tried = [each for each in await stage.notices() if isinstance(each, Tried)]
    assert len([each for each in tried if each.telegram_id == MALLORY]) == 1
    assert len(tried) == MOST_NEWS
    assert [user.telegram_id for user, _, _ in await stage.store.transaction(lambda db: db.people.all())] == [PERSON]
    await asyncio.sleep(3600)
    await at.invitations.join(MALLORY, "Mallory", "a" * 26)
    assert len(await stage.notices()) == 1, "the next hour it is told again"


async def test_the_code_itself_is_not_kept(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    code = await a_code(stage)
    dump = "\n".join(stage.store._connection.connection.iterdump())
    assert digest(code) in dump
    assert code not in dump


async def test_a_link_changes_nothing_for_somebody_who_is_on_the_list(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    code = await a_code(stage, Role.VIEWER)
    outcome = await at.invitations.join(PERSON, "Asha", code)
    assert isinstance(outcome, str)
    assert "already" in outcome
    assert await stage.store.transaction(lambda db: db.people.role_on(PERSON, None)) is Role.OWNER
    assert isinstance(await at.invitations.join(RAVI, "Ravi", code), Welcome), "and it is not used up by that"


async def test_a_link_dies_with_the_one_who_made_it(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await stage.store.transaction(lambda db: db.people.add(User(telegram_id=RAVI, name="Ravi"), Role.OWNER, None, NOW))
    ravi = replace(stage.actor, user=User(telegram_id=RAVI, name="Ravi"))
    code = (await at.invitations.invite(ravi, Role.OWNER, None)).code.reveal()
    await at.invitations.remove(stage.actor, "ravi")
    outcome = await at.invitations.join(MALLORY, "Mallory", code)
    assert isinstance(outcome, str)
    assert await stage.store.transaction(lambda db: db.people.find(MALLORY)) is None


async def test_removal_works_at_once_on_open_cards_waiting_news_and_the_roster(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await at.invitations.join(RAVI, "Ravi", await a_code(stage))
    await stage.notices()
    ravi = replace(stage.actor, user=User(telegram_id=RAVI, name="Ravi"), role=Role.TRADER)
    proposal = await stage.proposals.propose(ravi, LIMIT, chat_id=RAVI)
    await stage.proposals.shown(proposal.confirmation.token, 5)
    await at.limits.change(stage.actor, "quantity", 100)  # news that waits for Ravi
    assert (await stage.store.transaction(lambda db: db.outbox.counts()))[0] == 1
    gone = await at.invitations.remove(stage.actor, str(RAVI))
    assert gone.name == "Ravi"
    assert not at.allowlist.known(RAVI)
    with pytest.raises((CheckFailed, ConfirmationGone)):
        await stage.desk.confirm(ravi, proposal.confirmation.token, chat_id=RAVI, message_id=5)
    assert stage.broker.posts == 0
    assert [type(each) for each in await stage.notices()] == [PersonRemoved], "only the owner's"


async def test_the_last_owner_stays_and_names_are_found_without_regard_to_case(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    with pytest.raises(CheckFailed, match="last owner"):
        await at.invitations.remove(stage.actor, "ASHA")
    with pytest.raises(NotFound):
        await at.invitations.remove(stage.actor, "nobody")
    for person in (7, 8):
        await stage.store.transaction(
            lambda db, person=person: db.people.add(User(telegram_id=person, name="Twin"), Role.VIEWER, None, NOW)  # type: ignore[misc] # bound at once
        )
    with pytest.raises(NotFound, match="More than one"):
        await at.invitations.remove(stage.actor, "twin")


async def test_an_owner_of_one_account_invites_to_that_one_and_removes_nobody_elses(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    papa = Account(id="a2", label="papa", client="MA••••2", created_at=NOW)
    owner = User(telegram_id=RAVI, name="Ravi")
    await stage.store.transaction(lambda db: db.accounts.add(papa, CREDENTIALS))
    await stage.store.transaction(lambda db: db.people.add(owner, Role.OWNER, "a2", NOW))
    ravi = replace(stage.actor, user=owner, account=papa)
    with pytest.raises(NotAllowed, match="Name one"):
        await at.invitations.invite(ravi, Role.TRADER, None)
    with pytest.raises(NotFound):
        await at.invitations.invite(ravi, Role.TRADER, "main")
    invited = await at.invitations.invite(ravi, Role.VIEWER, "PAPA")
    assert await at.invitations.join(9, "Mama", invited.code.reveal()) == Welcome(role=Role.VIEWER, label="papa", by="Ravi")
    assert await stage.store.transaction(lambda db: db.people.roles(9)) == [("a2", Role.VIEWER)]
    with pytest.raises(NotAllowed):
        await at.invitations.remove(ravi, "asha")
    await at.invitations.remove(ravi, "mama")


async def test_a_tap_on_a_card_of_another_person_is_told_apart_from_a_card_that_nobody_made(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    proposal = await stage.proposals.propose(stage.actor, LIMIT, chat_id=PERSON)
    token = await stage.card(proposal)
    other = replace(stage.actor, user=User(telegram_id=RAVI, name="Ravi"))
    said = []
    for each, foreign in ((token, True), ("a" * 26, False)):
        with pytest.raises(ConfirmationGone) as gone:
            await stage.desk.confirm(other, each, chat_id=RAVI, message_id=77)
        assert gone.value.foreign is foreign
        said.append(gone.value.say)
    assert len(set(said)) == 1, "the same words, so that a guesser learns nothing"


@pytest.mark.parametrize("role", [Role.TRADER, Role.GUARDIAN, Role.VIEWER])
async def test_only_owners_invite_and_remove(role: Role, clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await stage.becomes(role)
    with pytest.raises(NotAllowed, match="Only an owner invites"):
        await at.invitations.invite(stage.actor, Role.VIEWER, None)
    with pytest.raises(NotAllowed, match="Only an owner takes"):
        await at.invitations.remove(stage.actor, "asha")


async def test_where_a_pin_is_set_inviting_and_removing_wait_for_it(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await at.invitations.join(RAVI, "Ravi", await a_code(stage))
    await at.set_pin(stage.actor)
    with pytest.raises(PinWanted) as invite:
        await at.invitations.invite(stage.actor, Role.OWNER, None)
    with pytest.raises(PinWanted):
        await at.invitations.remove(stage.actor, "ravi")
    await at.prove(stage.actor, invite.value.proof)
    with pytest.raises(PinWanted):
        await at.invitations.remove(stage.actor, "ravi")
    await at.invitations.invite(stage.actor, Role.OWNER, None)
    with pytest.raises(PinWanted):
        await at.invitations.invite(stage.actor, Role.OWNER, None)
