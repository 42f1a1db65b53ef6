"""Bad manners by name: the one table of everything that the paper broker can do wrong.

A fault is armed for the next `times` matching calls (None: until cleared), after letting `skip` of them pass, on
one route or on all the routes its line allows, for one client or everybody. Stages: `before` (the call is spoiled and
has no effect), `after` (it has its effect, then the answer is spoiled), `answer` (a true answer in a strange form),
`book` (a read shows less than the truth), `order` (how the next order behaves), `stream` (the socket), `login`,
`master`, `switch` (a rule of the house that stays until cleared).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["before", "after", "answer", "book", "order", "stream", "login", "master", "switch"]
ANY = frozenset[str]()
ACTS = frozenset({"place", "modify", "cancel", "cancelall", "convert"})
READS = frozenset({"orders", "details", "tradebook", "trades", "positions", "holdings", "funds", "margin", "quote"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One line of the table: what it does, in words for the desk, and the parameters it takes with their defaults."""

    name: str
    stage: Stage
    says: str
    routes: frozenset[str] = ANY
    params: dict[str, object] = field(default_factory=dict)
    choices: dict[str, frozenset[str]] = field(default_factory=dict)  # of a parameter that is one of a few words


BODIES = {"body": frozenset({"json", "html", "empty", "truncated", "wrong_type"})}

_ALL = [
    # F1, F3: the act happens, the answer does not tell.
    Fault("answer_lost", "after", "The call has its effect, then the line is cut without an answer (F1).", ACTS),
    Fault(
        "answer_late", "after", "The call has its effect at once; the answer comes `seconds` later (F1).", ANY, {"seconds": 10.0}
    ),
    Fault(
        "error_although_done",
        "after",
        "The call has its effect; the answer is HTTP `status` with a `body` body (also json, empty, truncated, wrong_type) (F3).",
        ACTS,
        {"status": 502, "body": "html"},
        BODIES,
    ),
    Fault("answer_truncated", "after", "The true answer, cut in the middle (F3)."),
    Fault("answer_empty", "after", "HTTP 200 with an empty body; acts have their effect (1.4)."),
    Fault(
        "answer_trickles",
        "after",
        "The true answer in ten pieces over `seconds` (a body bounded in time).",
        ANY,
        {"seconds": 30.0},
    ),
    # F2: the act does not happen.
    Fault("connection_dropped", "before", "The line is cut before anything happens (F2)."),
    Fault(
        "request_late",
        "before",
        "The call waits `seconds` before it has its effect (F1: visible only later).",
        ANY,
        {"seconds": 10.0},
    ),
    Fault(
        "error_instead",
        "before",
        "Nothing happens; the answer is HTTP `status` with a `body` body (F3, F14).",
        ANY,
        {"status": 502, "body": "html"},
        BODIES,
    ),
    Fault(
        "rate_limited",
        "before",
        "HTTP 429 with a `body` body (`retry_after`: seconds in the header of that name, 0: none) (F13).",
        ANY,
        {"body": "json", "retry_after": 0},
        BODIES,
    ),
    Fault("html_page", "before", "The bot manager's page with HTTP 200 (F14)."),
    Fault("gateway_502", "before", "HTTP 200, MAInternalServerError, `status code = 502` (1.4)."),
    Fault(
        "session_invalid", "before", "HTTP 200, MAInternalServerError, `invalid session. Kindly logout and login again` (1.4)."
    ),
    Fault("internal_error", "before", "HTTP 500, IA500, try again (1.4)."),
    Fault(
        "token_expired",
        "before",
        "401 IA401 although the token was good (with `skip` at a later call) (F11).",
        ANY,
        {"http": 401},
    ),
    Fault("key_expired", "before", "403: the API key is suspended or expired.", ANY, {"typed": False}),
    Fault("ip_mismatch", "before", "403: the IP address is not on the key's list; on the order routes.", ACTS, {"typed": False}),
    Fault(
        "ip_mismatch_everywhere",
        "before",
        "403: the IP address is not on the key's list; on every route (1.8).",
        ANY,
        {"typed": False},
    ),
    Fault("version_refused", "before", "VersionException although the header was right."),
    Fault("problem_body", "before", "HTTP 400 in the shape of ASP.NET's model validation (1.5)."),
    Fault(
        "redirected",
        "before",
        "HTTP 302 to another address, which no client should follow with its token.",
        ANY,
        {"to": "/elsewhere"},
    ),
    Fault("answer_huge", "before", "A body of `megabytes` (a body bounded in size).", ANY, {"megabytes": 64}),
    # Strange forms of true answers (section 16).
    Fault("status_as", "answer", "The field status is the text `text` instead of a boolean (quirk 1).", ANY, {"text": "true"}),
    Fault("place_as_object", "answer", "A place answer without its list (quirk 2).", frozenset({"place"})),
    Fault(
        "place_in_mock_form",
        "answer",
        "A place answer as the vendor's mock: status success, data.order_id (F39).",
        frozenset({"place"}),
    ),
    Fault("success_called_false", "answer", "status false with message SUCCESS and a good order id (1.3).", frozenset({"place"})),
    Fault("changes_in_list", "answer", "Modify and cancel answer a one-element list (quirk 2).", frozenset({"modify", "cancel"})),
    Fault("blank_in_id", "answer", "Order ids with a leading blank (quirk 14).", frozenset({"place", "modify", "cancel"})),
    Fault("nulls_as_text", "answer", "null as the text None (1.3)."),
    Fault("data_null", "answer", "status true, data null, whatever there is (funds in section 4).", READS),
    Fault(
        "cancel_answers_nothing", "answer", "Cancel works and answers HTTP 204 with an empty body (5.4).", frozenset({"cancel"})
    ),
    Fault("gzipped", "answer", "The true answer, compressed (quirk 5)."),
    # F17: books that do not show the truth.
    Fault(
        "book_late",
        "book",
        "Orders younger than `seconds` are missing from the book (F17).",
        frozenset({"orders"}),
        {"seconds": 20.0},
    ),
    Fault(
        "changes_late",
        "book",
        "The book shows every order as it was `seconds` ago (F17).",
        frozenset({"orders"}),
        {"seconds": 20.0},
    ),
    Fault(
        "book_shrinks", "book", "The book shows only its oldest rows, `rows` of them (F17).", frozenset({"orders"}), {"rows": 1}
    ),
    Fault(
        "rows_dropped",
        "book",
        "Each row is missing with a chance of `percent` (F17).",
        frozenset({"orders", "tradebook", "positions"}),
        {"percent": 50},
    ),
    Fault("rows_shuffled", "book", "Rows in any order (F17).", frozenset({"orders", "tradebook", "positions"})),
    Fault("book_empty", "book", "data null although there are orders (F17).", frozenset({"orders", "tradebook", "positions"})),
    Fault("tags_missing", "book", "Rows without their order tag (docs' sample of the book).", frozenset({"orders", "details"})),
    Fault(
        "trades_late",
        "book",
        "Trades younger than `seconds` are missing from the trade book.",
        frozenset({"tradebook"}),
        {"seconds": 20.0},
    ),
    # How the next order behaves (F15, F16).
    Fault("fill_late", "order", "The next order fills after `seconds`.", frozenset({"place"}), {"seconds": 10.0}),
    Fault(
        "fill_in_parts",
        "order",
        "The next order fills in `parts` of whole lots, `seconds` apart.",
        frozenset({"place"}),
        {"parts": 3, "seconds": 2.0},
    ),
    Fault("fill_never", "order", "The next order rests and never fills by itself.", frozenset({"place"})),
    Fault(
        "part_then_cancelled",
        "order",
        "The next order fills one part of `parts`, then the exchange cancels the rest (F15).",
        frozenset({"place"}),
        {"parts": 3, "seconds": 2.0},
    ),
    Fault(
        "part_then_rejected",
        "order",
        "The next order fills one part of `parts`, then the rest is rejected (F15).",
        frozenset({"place"}),
        {"parts": 3, "seconds": 2.0},
    ),
    Fault(
        "part_then_expired",
        "order",
        "The next order fills one part of `parts`, then its day ends (F15).",
        frozenset({"place"}),
        {"parts": 3, "seconds": 2.0},
    ),
    Fault(
        "order_rejected",
        "order",
        "The next order is rejected by RMS for `reason` (a name of REASONS, or free text) (F16).",
        frozenset({"place"}),
        {"reason": "funds"},
    ),
    Fault(
        "rejected_later",
        "order",
        "The next order is accepted, then rejected by the exchange (F16).",
        frozenset({"place"}),
        {"reason": "price_range"},
    ),
    Fault("cancel_not_final", "order", "The next cancel answers success and the order goes on (5.4).", frozenset({"cancel"})),
    # The socket (F9, F10).
    Fault("socket_refused", "stream", "The handshake is answered with HTTP `status` (14.1).", ANY, {"status": 502}),
    Fault("socket_mute", "stream", "The socket stays open and says nothing (F9)."),
    Fault("socket_half_open", "stream", "The socket stays open, says nothing and answers no ping: the other end is gone (F9)."),
    Fault("ticks_stalled", "stream", "No prices; order frames still come (14.7)."),
    Fault("order_frames_lost", "stream", "Each order frame is lost with a chance of `percent` (F9).", ANY, {"percent": 100}),
    Fault("order_frames_late", "stream", "Order frames come `seconds` late (F9).", ANY, {"seconds": 5.0}),
    Fault("socket_cut_at_order", "stream", "The socket is cut when an order frame is due; the frame is lost (F9)."),
    Fault("heartbeats", "stream", "A frame of two bytes before each true one (14.5)."),
    Fault("frames_doubled", "stream", "Every frame twice (F10)."),
    Fault("frames_reordered", "stream", "Order frames of one event arrive last first (F10)."),
    Fault("frames_framed", "stream", "Packets behind the documented 4-byte header, little-endian (14.5)."),
    Fault("order_frames_binary", "stream", "Order frames as JSON in binary frames (14.5)."),
    Fault("snapshot_stale", "stream", "The first packet of each token is `seconds` old (14.3).", ANY, {"seconds": 39}),
    Fault("frames_garbled", "stream", "A frame of nonsense before each true one."),
    # Login (F11, F12, quirk 8).
    Fault("uuid_login", "login", "The older login answer: a bare UUID in jwtToken.", frozenset({"login"})),
    Fault("totp_single_use", "switch", "A TOTP code is taken once only (F12)."),
    Fault("single_session", "switch", "A login ends the account's sessions before it (F11)."),
    Fault("clock_skewed", "switch", "The Date header is `seconds` ahead of the broker's clock (F12).", ANY, {"seconds": 45}),
    Fault("maintenance_hours", "switch", "07:00-08:30 and 19:00-21:00 IST every call answers `status code = 502` (F14)."),
    # The scrip master (F35, quirk 30).
    Fault("master_error", "master", "An error object instead of the list.", frozenset({"master"})),
    Fault("master_truncated", "master", "The list breaks off in the middle.", frozenset({"master"})),
    Fault("master_short", "master", "Only `percent` of the rows.", frozenset({"master"}), {"percent": 30}),
    Fault("master_doubled", "master", "A hundred rows come twice.", frozenset({"master"})),
    Fault("master_csv", "master", "The same rows as CSV.", frozenset({"master"})),
    # Rules of the house that may be switched.
    Fault("limits_enforced", "switch", "The rate limits of 1.6 are kept: 429 above them (F13)."),
    Fault("na_suffix", "switch", "Book symbols of contracts end in -NA (quirk 17)."),
    Fault("stop_called_sl", "switch", "Books call stop orders SL and SL-M (5.1)."),
    Fault(
        "stop_spelling_refused",
        "switch",
        "Only one spelling of stop orders is taken: `spelling` (STOPLOSS or STOP_LOSS) (5.1).",
        ANY,
        {"spelling": "STOP_LOSS"},
        {"spelling": frozenset({"STOPLOSS", "STOP_LOSS"})},
    ),
    Fault("square_off_rests", "switch", "The broker's own square-off orders rest until the desk fills or cancels them."),
    Fault("market_orders_refused", "switch", "Plain MARKET orders are refused by RMS (1.8).", frozenset({"place"})),
    Fault(
        "partial_called", "switch", "A partly filled order's status is called `word` (5.7).", ANY, {"word": "Partially Traded"}
    ),
    Fault("pending_called", "switch", "A resting order's status is called `word` (5.7).", ANY, {"word": "O-Pending"}),
    Fault("quotes_stale", "switch", "REST quotes are `seconds` old (9.1).", ANY, {"seconds": 28}),
    Fault("intraday_flaky", "before", "The intraday route answers HTTP 500 (9.3).", frozenset({"intraday"})),
]
FAULTS = {fault.name: fault for fault in _ALL}
