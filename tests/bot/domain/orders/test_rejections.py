"""The broker's refusals: every text of the reference is explained, unknown ones are handed through and counted."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.orders.rejections import MOST_SHAPES, Explanation, RejectionKind, Rejections, RepairKind, normal_form
from bot.reference.load import load_reference
from tests.stage.values.market import REFERENCE_DATA

DICTIONARY = REFERENCE_DATA.rejections

CLOSED_ORDER = "45264 NIFTY-20Oct2025-25400-CE INTRADAY   MA00001 B 75 I 19582.5 MARKET IS CLOSE YOU CANNOT PLACE AN ORDER NOW"
CLOSED_ROW = "45264,NIFTY-20Oct2025-25400-CE,INTRADAY,,,MA00001,B,75,I,19582.5,MARKET IS CLOSE YOU CANNOT PLACE AN ORDER NOW"
FUNDS = "FUND LIMIT INSUFFICIENT,AVAILABLE FUND=0,ADDITIONAL REQUIRED FUND=572.36,CALCULATED MARGIN FOR ORDER=572.36"
CONVERT = "INSUFICIENT QUANTITY TO CONVERT. INSUFICIENT QUANTITY: 1 AVAILABLE QUANTITY: 0"

# Every refusal text that stands in the reference (mstock-type-b.md 1.4, 1.5, 3, 5, 7.2, 9, 12; market-rules.md 4.2-4.8), by hand.
REFERENCE: list[tuple[str, str, RejectionKind]] = [
    ("Please provide valid api version.", "VersionException", RejectionKind.REQUEST),
    ("Trigger price can not be blank.", "IA400", RejectionKind.REQUEST),
    ("Enter valid trigger price.", "400", RejectionKind.REQUEST),
    ("Please provide valid clientcode and password.", "400", RejectionKind.LOGIN),
    ("Invalid product. valid product types allowed are DELIVERY, INTRADAY and CARRYFORWARD.", "400", RejectionKind.PRODUCT),
    ("One or more validation errors occurred.", "", RejectionKind.REQUEST),
    ("The orders field is required.", "", RejectionKind.REQUEST),
    ("Invalid request. Please try again.", "IA401", RejectionKind.SESSION),
    ("Incorrect auth. Please try again.", "IA401", RejectionKind.SESSION),
    ("API is suspended/expired for use. Please check your API subscription and try again.", "IA403", RejectionKind.KEY),
    ("Primary and Secondary IP Address are not matching with current IP address.", "IA403", RejectionKind.ADDRESS),
    ("not found", "IA404", RejectionKind.REQUEST),
    ("Some upstream fault, please try again", "IA500", RejectionKind.BROKER),
    ("status code = 502", "MAInternalServerError", RejectionKind.BROKER),
    ("invalid session. Kindly logout and login again", "MAInternalServerError", RejectionKind.SESSION),
    ("Invalid username or password. 9 attempts remaining ", "MA500", RejectionKind.LOGIN),
    ("Entered OTP has been expired. Please regenerate a new one & enter the same.", "MA500", RejectionKind.LOGIN),
    ("The entered OTP is incorrect. Please proceed to login page. (-MACM60)", "", RejectionKind.LOGIN),
    ("Please enter correct TOTP", "MA400", RejectionKind.LOGIN),
    (f"RMS:1202251017107:NSE OPTIDX {CLOSED_ORDER}", "MA200", RejectionKind.CLOSED),
    (f"RMS:1202251017107:NSE,OPTIDX,{CLOSED_ROW}", "", RejectionKind.CLOSED),
    (
        f"RMS:1141241105101:NSE,EQUITY,22,ACC,INTRADAY,,EQ,XXXXX,B,1,I,22,ACC,INTRADAY,89.44995,{FUNDS}",
        "RS-0111",
        RejectionKind.FUNDS,
    ),
    ("System is not connected to NSE Equity market", "InputException", RejectionKind.CLOSED),
    ("Order is Cancelled.Kindly refresh your OrderBook", "RS-0034", RejectionKind.GONE),
    ("Order is Cancelled.Kindly refresh your OrderBook", "RS-00093", RejectionKind.GONE),
    ("Order Does not Exsist.Need to refresh orderbook / relogin in application ", "InputException", RejectionKind.GONE),
    ("something went wrong", "MA500", RejectionKind.BROKER),
    ("EXCH:16284:The order price is out of the days price range.", "", RejectionKind.PRICE),
    (f"NSE EQUITY 3787 EQ SOME COMPANY LIMITED B 1 C {CONVERT}", "MA0034", RejectionKind.HOLDINGS),
    ("Quantity should be in multiple of lot size", "MA200", RejectionKind.QUANTITY),
    ("quantity freeze", "MA200", RejectionKind.FREEZE),
    ("order price beyond circuit limit", "MA200", RejectionKind.PRICE),
    ("security id not found", "IA400", RejectionKind.SYMBOL),
    ("scrip name not found", "IA400", RejectionKind.SYMBOL),
    ("invalid symbol", "", RejectionKind.SYMBOL),
    ("Requested data exceeds the maximum limit of 1000 candles", "", RejectionKind.REQUEST),
    ("Basket Already Added For This Name", "MA408", RejectionKind.OTHER),
    ("Script Already Added", "MA408", RejectionKind.OTHER),
    ("Market order cannot be placed during this period.", "", RejectionKind.CLOSED),
    ("Market orders are currently not allowed.", "", RejectionKind.CLOSED),
    ("market protection", "", RejectionKind.KIND),
]


def test_every_refusal_of_the_reference_has_a_row() -> None:
    for text, code, kind in REFERENCE:
        explanation = DICTIONARY.explain(text)  # by its words alone
        assert explanation.known, text
        assert explanation.kind is kind, text
        assert DICTIONARY.explain(text, code=code).name == explanation.name, "a code never overrules the words"
        assert explanation.says, text
        assert explanation.says[0].isupper() or explanation.says.startswith("mStock")
        assert "{" not in explanation.says


def test_every_rows_own_example_is_explained_by_that_row() -> None:
    assert [row.name for row in DICTIONARY.rows if DICTIONARY.explain(row.example).name != row.name] == []
    assert [row.name for row in DICTIONARY.rows if not row.source] == []


def test_book_and_answer_write_the_same_refusal_and_both_name_the_order() -> None:
    answer, book = (DICTIONARY.explain(text) for text, _, _ in REFERENCE[19:21])
    assert answer.name == book.name == "market-closed"
    assert answer.broker_id == book.broker_id == "1202251017107"
    assert answer.repair is RepairKind.AT_OPEN


def test_missing_money_is_told_in_rupees_by_the_callers_own_hand() -> None:
    explanation = DICTIONARY.explain(next(text for text, code, _ in REFERENCE if code == "RS-0111"))
    assert explanation.says == "Not enough funds, ₹572.36 short."
    assert explanation.words(lambda amount: f"Rs {amount:,.0f}") == "Not enough funds, Rs 572 short."
    assert explanation.repair is RepairKind.FEWER
    assert explanation.broker_id == "1141241105101"


def test_a_figure_that_cannot_be_read_leaves_the_plainer_sentence() -> None:
    explanation = DICTIONARY.explain("FUND LIMIT INSUFFICIENT,ADDITIONAL REQUIRED FUND=5.7.2")
    assert explanation.name == "funds"
    assert explanation.says == "Not enough funds."


def test_a_code_decides_when_the_words_are_new() -> None:
    explanation = DICTIONARY.explain("Something nobody has read before", code="RS-0111")
    assert explanation.kind is RejectionKind.FUNDS
    assert DICTIONARY.explain("", code="IA401").kind is RejectionKind.SESSION


def test_an_unknown_text_is_handed_through_unchanged_and_counted_without_what_is_personal() -> None:
    dictionary = load_reference().rejections
    text = "RMS:1202251017108:NSE,EQUITY,22,ACC,MA00001,me@example.com,<b>PECULIAR</b> REASON 42"
    explanation = dictionary.explain(text)
    assert not explanation.known
    assert explanation.kind is RejectionKind.UNKNOWN
    assert explanation.text == text
    assert explanation.broker_id == "1202251017108"
    dictionary.explain(text.replace("1202251017108", "1202251017999").replace("MA00001", "MA00777"))
    ((shape, count),) = dictionary.unknown()
    assert count == 2
    assert not re.search(r"\d", shape)
    assert "EXAMPLE" not in shape
    assert "PECULIAR" in shape


def test_known_texts_are_not_counted_as_unknown() -> None:
    dictionary = load_reference().rejections
    for text, code, _ in REFERENCE:
        dictionary.explain(text, code=code)
    assert dictionary.unknown() == ()


def test_a_flood_of_new_texts_does_not_grow_without_end() -> None:
    dictionary = Rejections(())
    for number in range(MOST_SHAPES * 2):
        dictionary.explain(f"strange {chr(97 + number // 26)}{chr(97 + number % 26)}")
    assert len(dictionary.unknown()) == MOST_SHAPES
    assert dictionary.explain("strange ab").kind is RejectionKind.UNKNOWN
    assert dict(dictionary.unknown())["STRANGE AB"] == 2


@given(st.text(), st.text(max_size=10))
def test_any_text_at_all_gets_an_answer_and_comes_back_as_it_was(text: str, code: str) -> None:
    explanation: Explanation = DICTIONARY.explain(text, code=code)
    assert explanation.text == text
    assert explanation.says
    assert explanation.kind in RejectionKind


@given(st.text(alphabet="aB, \t\n"))
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    assert normal_form(normal_form(text)) == normal_form(text)
