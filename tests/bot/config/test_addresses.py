"""Three pairs of addresses start.

Every other one refuses and names the setting, whatever its disguise.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.addresses import MSTOCK, MSTOCK_SOCKET, PAPER, PAPER_SOCKET, TELEGRAM
from bot.config.settings import Settings
from bot.domain.errors import SettingsError

TOKEN = "123456789:AAExampleExampleExampleExampleExample"
DEMO = {
    "MODE": "demo",
    "TELEGRAM_BOT_TOKEN": TOKEN,
    "TELEGRAM_URL": "http://127.0.0.1:8000",
    "BROKER_URL": "http://127.0.0.1:8000/exchange",
    "BROKER_WS_URL": "ws://127.0.0.1:8000/exchange/ws",
}
PAPER_MODE = {"MODE": "paper", "TELEGRAM_BOT_TOKEN": TOKEN}
LIVE = {"MODE": "live", "TELEGRAM_BOT_TOKEN": TOKEN}


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        Settings.read(environ)
    return refused.value.say


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        (LIVE | {"BROKER_URL": PAPER}, "BROKER_URL"),
        (LIVE | {"BROKER_WS_URL": PAPER_SOCKET}, "BROKER_WS_URL"),
        (LIVE | {"TELEGRAM_URL": "http://127.0.0.1:8000"}, "TELEGRAM_URL"),
        (PAPER_MODE | {"BROKER_URL": MSTOCK}, "BROKER_URL"),
        (PAPER_MODE | {"TELEGRAM_URL": "http://127.0.0.1:8000"}, "TELEGRAM_URL"),
        (DEMO | {"TELEGRAM_URL": TELEGRAM}, "TELEGRAM_URL"),
        (DEMO | {"BROKER_URL": MSTOCK}, "BROKER_URL"),
        (DEMO | {"BROKER_WS_URL": MSTOCK_SOCKET}, "BROKER_WS_URL"),
        ({key: value for key, value in DEMO.items() if key != "TELEGRAM_URL"}, "TELEGRAM_URL"),
    ],
)
def test_every_other_pair_of_addresses_refuses_and_names_the_setting(environ: dict[str, str], named: str) -> None:
    said = refusal(environ)
    assert named in said
    assert all(name not in said for name in {"TELEGRAM_URL", "BROKER_URL", "BROKER_WS_URL"} - {named})


@pytest.mark.parametrize(
    "address",
    [
        "https://api.mstock.trade.evil.example",
        "https://api.mstock.trade@evil.example",
        "https://user:word@api.mstock.trade",
        "https://api.mstock.trade:8443",
        "http://api.mstock.trade",
        "https://api.mstock.trade/other",
        "https://api.mstock.trade?x=1",
        "https://api.mst\N{CYRILLIC SMALL LETTER O}ck.trade",
        "https://xn--api-mstock.trade",
        "https://127.0.0.1",
        "HTTPS://API.MSTOCK.TRADE",
        "ftp://api.mstock.trade",
        "api.mstock.trade",
        " https://api.mstock.trade",
    ],
)
def test_live_takes_no_broker_but_mstock_under_any_disguise(address: str) -> None:
    assert "BROKER_URL may only be" in refusal(LIVE | {"BROKER_URL": address})


@given(st.text(min_size=1, max_size=60) | st.from_regex(r"https?://[a-z0-9@:./%\[\]#?-]{1,40}", fullmatch=True))
def test_no_text_at_all_leads_live_elsewhere(address: str) -> None:
    if address.rstrip("/") in (MSTOCK, ""):
        return
    assert "BROKER_URL" in refusal(LIVE | {"BROKER_URL": address})


@pytest.mark.parametrize(
    "address",
    [
        "http://10.0.0.5:8000",
        "http://127.0.0.1.evil.example:8000",
        "http://127.0.0.1@evil.example",
        "http://evil.example#@127.0.0.1",
        "http://evil.example\\@127.0.0.1",
        "http://0.0.0.0:8000",
        "http://127.0.0.1:99999",
        "http://localhost.evil.example",
        "https://127.0.0.1",
        "http://127.0.0.1/../x",
        "http://127.0.0.1/?to=evil",
        "http://[::1",
    ],
)
def test_the_paper_broker_is_on_this_host_only(address: str) -> None:
    assert "BROKER_URL" in refusal(PAPER_MODE | {"BROKER_URL": address})


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://localhost:9/x/", "http://[::1]:9", "http://127.9.9.9"])
def test_every_way_to_write_this_host_is_taken(address: str) -> None:
    assert Settings.read(PAPER_MODE | {"BROKER_URL": address}).broker_url == address.rstrip("/")
