"""The record of acts names the message, the tap or the command that an act came from."""

from bot.domain.people.origin import of_update, on_host


def test_an_update_is_named_with_the_message_that_was_typed_or_tapped_on() -> None:
    assert of_update(7, 12, tapped=False) == "update 7, message 12"
    assert of_update(7, 12, tapped=True) == "update 7, tap on message 12"
    assert of_update(7, None, tapped=True) == "update 7"


def test_a_command_on_the_host_is_named_by_itself() -> None:
    assert on_host("panic --lift") == "host: panic --lift"
