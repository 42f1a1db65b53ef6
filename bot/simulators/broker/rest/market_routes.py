"""The answers of the market-data routes: quotes, scrip master, candles, option chain, gainers, health."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.exchange.requests import bad, text
from bot.simulators.broker.rest.order_routes import Answer, Call, Route, good
from bot.simulators.broker.rows import Row, quote_row


def quote(broker: PaperBroker, call: Call) -> Answer:
    """LTP or OHLC of many tokens. What is not known comes back under `unfetched` (9.1)."""
    mode = text(call.fields, "mode").upper()
    wanted = call.fields.get("exchangeTokens")
    if mode not in ("LTP", "OHLC") or not isinstance(wanted, dict) or not wanted:
        raise bad("Invalid mode. valid modes allowed are LTP and OHLC." if wanted else "Invalid exchangeTokens.")
    now = broker.clock.now()
    old = broker.faults.on("quotes_stale", call.owner.client)
    if old is not None:
        now -= timedelta(seconds=old.seconds())
    fetched: list[Row] = []
    unfetched: list[Row] = []
    for exchange, tokens in wanted.items():
        for token in tokens if isinstance(tokens, list) else []:
            instrument = broker.lookup(str(exchange), str(token))
            if instrument is None:
                unfetched.append(
                    {"exchange": exchange, "symbolToken": str(token), "message": "Symbol token not found", "errorCode": "IA400"}
                )
            else:
                fetched.append(quote_row(instrument, broker.market.quote(instrument, now), mode))
    return good({"fetched": fetched, "unfetched": unfetched})


def scrip_master(broker: PaperBroker, call: Call) -> Answer:
    """A bare list of objects, every value a string (section 10). The master's faults are here too."""
    fault = broker.faults.take("master", "master", call.owner.client)
    rows = broker.master.rows()
    name = fault.fault.name if fault else ""
    if fault and name == "master_error":
        raise bad("Unable to fetch scrip master. Please try again.", "IA500")
    if fault and name == "master_short":
        rows = rows[: len(rows) * fault.whole("percent") // 100]
    if name == "master_doubled":
        rows += rows[:100]
    if name == "master_csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        return Answer(out.getvalue(), content_type="text/csv")
    if name == "master_truncated":
        whole = json.dumps(rows, separators=(",", ":"))
        return Answer(whole[: len(whole) * 2 // 3], content_type="application/json")
    return Answer(rows)


def health(broker: PaperBroker, call: Call) -> Answer:
    return good({"status": "Healthy", "time": broker.clock.now().isoformat(), "client": call.owner.client})


ROUTES = [
    Route("quote", ("POST", "GET"), "instruments/quote", quote, "quotes"),
    Route("master", ("GET",), "instruments/OpenAPIScripMaster", scrip_master),
    Route("health", ("GET",), "Health/GetHealthStatistics", health),
]
