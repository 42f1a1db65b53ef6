"""Makes a scrip master of the real one's size and shape, seeded: about 150,000 rows of shares, bonds, futures and options."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind, Right

TODAY = date(2026, 11, 20)  # a Friday; Tuesday the 24th is a holiday, so NIFTY's monthly contract ends on Monday the 23rd
ROWS = 150_000
_HOLIDAYS = frozenset({date(2026, 11, 24), date(2026, 12, 25)})
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKLY_MONTH = "123456789OND"  # how the weekly contracts' names write the month (mstock-type-b.md 10)

# Shares with futures and options, as traded in November 2026; the figure is a price to lay strikes around.
_PRICES = """
    RELIANCE:1480 TCS:3140 INFY:1560 HDFCBANK:1010 SBIN:985 ICICIBANK:1418 AXISBANK:1264 KOTAKBANK:2118 ITC:412
    LT:4052 HINDUNILVR:2436 BHARTIARTL:2104 BAJFINANCE:1032 BAJAJFINSV:2078 MARUTI:15840 ASIANPAINT:2894
    TITAN:3892 SUNPHARMA:1786 ULTRACEMCO:12300 NESTLEIND:1240 WIPRO:244 HCLTECH:1540 TECHM:1440 M&M:3620
    TATASTEEL:172 JSWSTEEL:1160 HINDALCO:790 COALINDIA:380 ONGC:248 NTPC:326 POWERGRID:280 ADANIENT:2400
    ADANIPORTS:1480 ADANIGREEN:1080 ADANIENSOL:980 GRASIM:2740 DRREDDY:1240 CIPLA:1520 DIVISLAB:6400
    APOLLOHOSP:7500 BRITANNIA:5830 TATACONSUM:1170 EICHERMOT:7100 HEROMOTOCO:5700 BAJAJ-AUTO:9100 TMPV:390
    INDUSINDBK:830 SBILIFE:2030 HDFCLIFE:760 HDFCAMC:5400 ICICIPRULI:610 ICICIGI:1990 SHRIRAMFIN:830 CHOLAFIN:1700
    MUTHOOTFIN:3700 PFC:370 RECLTD:360 IRFC:118 IRCTC:700 HAL:4600 BEL:410 BHEL:280 BDL:1500 MAZDOCK:2700
    COCHINSHIP:1700 SAIL:138 NMDC:76 VEDL:520 HINDZINC:480 NATIONALUM:260 JINDALSTEL:1060 GAIL:183 BPCL:360
    HINDPETRO:460 IOC:165 OIL:430 PETRONET:275 IGL:210 TATAPOWER:390 TORNTPOWER:1300 JSWENERGY:520 NHPC:80 SJVN:82
    SUZLON:57 INOXWIND:145 DLF:740 GODREJPROP:2130 OBEROIRLTY:1700 PRESTIGE:1700 LODHA:1200 PHOENIXLTD:1720
    INDHOTEL:720 INDIGO:5800 ETERNAL:300 SWIGGY:390 NYKAA:260 PAYTM:1280 POLICYBZR:1780 DELHIVERY:430 JIOFIN:305
    LICI:900 PNB:123 BANKBARODA:288 CANBK:148 UNIONBANK:153 BANKINDIA:146 INDIANB:870 FEDERALBNK:245 IDFCFIRSTB:80
    BANDHANBNK:152 RBLBANK:310 AUBANK:900 YESBANK:23 MANAPPURAM:280 LTF:300 ABCAPITAL:330 PNBHOUSING:910
    LICHSGFIN:560 SBICARD:880 BAJAJHFL:108 ANGELONE:2700 BSE:2800 MCX:9900 CDSL:1600 CAMS:3900 KFINTECH:1080
    IEX:140 HUDCO:235 IREDA:148 LUPIN:2040 AUROPHARMA:1220 BIOCON:400 ALKEM:5650 TORNTPHARM:3800 ZYDUSLIFE:940
    GLENMARK:1870 LAURUSLABS:1010 MANKIND:2250 FORTIS:920 MAXHEALTH:1150 SYNGENE:650 PPLPHARMA:195 PIIND:3600
    UPL:750 SRF:2900 PIDILITIND:1480 DABUR:520 MARICO:740 COLPAL:2160 GODREJCP:1140 UNITDSPR:1440 VBL:460
    JUBLFOOD:590 DMART:4000 TRENT:4400 KALYANKJIL:500 PAGEIND:39000 PATANJALI:570 HAVELLS:1470 VOLTAS:1370
    BLUESTARCO:1800 CROMPTON:270 DIXON:15200 AMBER:7200 KAYNES:6000 POLYCAB:7600 KEI:4100 ABB:5200 SIEMENS:3200
    CGPOWER:720 CUMMINSIND:4300 POWERINDIA:21800 SOLARINDS:13800 ASTRAL:1470 SUPREMEIND:3700 AMBUJACEM:555
    SHREECEM:26800 DALBHARAT:2060 APLAPOLLO:1730 BHARATFORG:1400 BOSCHLTD:36500 MOTHERSON:108 SONACOMS:490
    UNOMINDA:1280 EXIDEIND:380 TIINDIA:3000 TVSMOTOR:3450 ASHOKLEY:148 PERSISTENT:6200 COFORGE:1830 MPHASIS:2760
    LTIM:5900 OFSS:8300 TATAELXSI:5200 KPITTECH:1210 TATATECH:690 NAUKRI:1340 IDEA:10 INDUSTOWER:400 TATACOMM:1850
    HFCL:75 CONCOR:520 RVNL:320 GMRAIRPORT:104 NBCC:117 NUVAMA:7300 360ONE:1160 MFSL:1690
"""
UNDERLYINGS = {symbol: int(price) for symbol, price in (pair.split(":") for pair in _PRICES.split())}
_INDICES: tuple[tuple[Exchange, str, int, int, int, bool], ...] = (  # market, symbol, price, step of strikes, lot, weekly too
    (Exchange.NFO, "NIFTY", 24500, 50, 65, True),
    (Exchange.NFO, "BANKNIFTY", 54000, 100, 30, False),
    (Exchange.NFO, "FINNIFTY", 26000, 50, 60, False),
    (Exchange.NFO, "MIDCPNIFTY", 12800, 25, 120, False),
    (Exchange.NFO, "NIFTYNXT50", 67000, 100, 25, False),
    (Exchange.BFO, "SENSEX", 80000, 100, 20, True),
    (Exchange.BFO, "BANKEX", 60000, 100, 30, False),
)

# Beginnings and ends of the names of smaller companies: enough to make thousands that lie as close together as the real ones do.
_FIRST = """
    ADI AJ ALK AMB ANU APE ARV ASH ATU BAL BHA BIR BOM CAP CEN CHE DEC DEE DHA DYN ELE EMA ESS FIN GAL GAN GOK GUJ HAR HIM
    HIN IND INV JAI JIN KAM KIR KRI LAX LUM MAH MAN MEG MID NAH NAV NIT OMA ORI PAN PAR PRA RAJ RAM RUC SAK SAN SHA SHR
    SIG SUN SUR TAN TEX TRI UMA UNI VAR VIN VIS WEL WIN ZEN ZUA
"""
_LAST = """
    AGRO ALLOY AUTO BANK BIO CABLE CEM CHEM CORP DRUG DYE ELEC ENER ENG EXP FAB FERT FIL FIN FOOD FORG GAS GLASS GOLD
    HEALTH HOTEL IND INFRA INV IRON JEWEL LABS LEAS LIFE LOG MED METAL MILL MOTOR NET OIL PACK PAPER PHARMA PLAST POLY
    PORT POWER PRINT PROP RAYON REAL RES RICE ROAD RUB SHIP SILK SOFT SOLAR SPIN STEEL SUG SYN TEA TECH TEL TEX TILE TOOL
    TRADE TUBE TYRE VENT WIRE WOOD YARN
"""
_FUNDS = (
    "NIFTYBEES",
    "BANKBEES",
    "JUNIORBEES",
    "GOLDBEES",
    "SILVERBEES",
    "LIQUIDBEES",
    "MON100",
    "MIDCAPETF",
    "ITBEES",
    "SETFNIF50",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The rows, the indices that stand in no master, and the shares that people trade most."""

    rows: list[Instrument]
    indices: list[Instrument]
    traded: list[str]


def make(*, rows: int = ROWS, seed: int = 1, today: date = TODAY) -> Made:
    """The same master for the same arguments. At least `rows` rows, filled up with far option strikes."""
    chance = random.Random(seed)
    shares = list(_shares(chance))
    contracts = list(_contracts(today, rows - len(shares)))
    indices = [
        _index(Exchange.NSE, "26000", "NIFTY", "NIFTY 50"),
        _index(Exchange.NSE, "26009", "BANKNIFTY", "NIFTY BANK"),
        _index(Exchange.NSE, "26037", "FINNIFTY", "NIFTY FIN SERVICE"),
        _index(Exchange.NSE, "26074", "MIDCPNIFTY", "NIFTY MID SELECT"),
        _index(Exchange.NSE, "26017", "INDIAVIX", "INDIA VIX"),
        _index(Exchange.BSE, "51", "SENSEX", "SENSEX"),
    ]
    made = shares + contracts
    chance.shuffle(made)
    return Made(rows=made, indices=indices, traded=list(UNDERLYINGS))


def expiries(today: date, *, weekday: int, weeks: int, months: int) -> list[tuple[date, bool]]:
    """(day, monthly) of a family: the coming weeks, and the last such weekday of the coming months, before holidays."""
    scheduled: dict[date, bool] = {}
    day = today + timedelta(days=(weekday - today.weekday()) % 7)
    while sum(scheduled.values()) < months:
        monthly = (day + timedelta(days=7)).month != day.month
        if monthly or len(scheduled) < weeks:
            scheduled[day] = monthly
        day += timedelta(days=7)
    moved = {}
    for day, monthly in scheduled.items():
        actual = day
        while actual in _HOLIDAYS or actual.weekday() > 4:
            actual -= timedelta(days=1)
        if actual >= today:
            moved[actual] = monthly
    return sorted(moved.items())


def _index(exchange: Exchange, token: str, symbol: str, name: str) -> Instrument:
    return Instrument(
        exchange=exchange, token=token, symbol=symbol, name=name, kind=InstrumentKind.INDEX, lot=1, tick=Decimal("0.05")
    )


def _shares(chance: random.Random) -> Iterator[Instrument]:
    token = 20
    small = [first + last for first in _FIRST.split() for last in _LAST.split()]
    chance.shuffle(small)
    listed = [*UNDERLYINGS, *_FUNDS, *small[:2200]]
    for symbol in listed:
        token += chance.randint(1, 9)
        series = "BE" if symbol in small and chance.random() < 0.08 else "EQ"
        yield _share(Exchange.NSE, str(token), symbol, f"{symbol}-{series}", series)
    for symbol in listed[:: len(listed) // 120]:  # bonds of listed companies under the company's own symbol
        for number in range(1, chance.randint(2, 9)):
            token += 1
            yield _share(Exchange.NSE, str(token), symbol, f"{symbol}-N{number}", f"N{number}")
    for number, symbol in enumerate([*listed, *small[2200:4600]]):
        if chance.random() < 0.9:
            yield _share(Exchange.BSE, str(500_000 + number), symbol, symbol, "")


def _share(exchange: Exchange, token: str, symbol: str, name: str, series: str) -> Instrument:
    return Instrument(
        exchange=exchange,
        token=token,
        symbol=symbol,
        name=name,
        kind=InstrumentKind.EQUITY,
        lot=1,
        tick=Decimal("0.05"),
        series=series,
    )


def _contracts(today: date, wanted: int) -> Iterator[Instrument]:
    """Index contracts whole, then share contracts. The widest strikes are what makes up the number of rows."""
    made = 0
    token = 35_000
    chains: list[tuple[Exchange, str, date, bool, int, int, int, bool]] = []
    for market, symbol, price, step, lot, weekly in _INDICES:
        weekday = 1 if market is Exchange.NFO else 3
        days = expiries(today, weekday=weekday, weeks=5 if weekly else 0, months=6 if weekly else 3)
        chains += [(market, symbol, day, monthly, price, step, lot, True) for day, monthly in days]
    for symbol, price in UNDERLYINGS.items():
        step = next(size for top, size in ((50, 1), (250, 2), (500, 5), (2000, 10), (5000, 50), (10**6, 100)) if price < top)
        days = expiries(today, weekday=1, weeks=0, months=3)
        chains += [(Exchange.NFO, symbol, day, monthly, price, step, max(1, 500_000 // price), False) for day, monthly in days]
    futures = [chain for chain in chains if chain[3]]
    for market, symbol, day, _, _, _, lot, index in futures:
        token += 1
        made += 1
        yield _future(market, str(token), symbol, day=day, lot=lot, index=index)
    each_side = (wanted - made) // (len(chains) * 4) + 1
    for market, symbol, day, monthly, price, step, lot, index in chains:
        middle = price // step * step
        for strike in range(max(step, middle - each_side * step), middle + each_side * step, step):
            for right in Right:
                token += 1
                yield _option(
                    market, str(token), symbol, day=day, strike=strike, right=right, lot=lot, monthly=monthly, index=index
                )


def _future(market: Exchange, token: str, symbol: str, *, day: date, lot: int, index: bool) -> Instrument:
    return Instrument(
        exchange=market,
        token=token,
        symbol=symbol,
        name=f"{symbol}{day:%y}{_MONTHS[day.month - 1]}FUT",
        kind=InstrumentKind.INDEX_FUTURE if index else InstrumentKind.STOCK_FUTURE,
        lot=lot,
        tick=Decimal("0.1"),
        expiry=day,
    )


def _option(
    market: Exchange, token: str, symbol: str, *, day: date, strike: int, right: Right, lot: int, monthly: bool, index: bool
) -> Instrument:
    date_words = _MONTHS[day.month - 1] if monthly else f"{_WEEKLY_MONTH[day.month - 1]}{day.day:02d}"
    return Instrument(
        exchange=market,
        token=token,
        symbol=symbol,
        name=f"{symbol}{day:%y}{date_words}{strike}{right}",
        kind=InstrumentKind.INDEX_OPTION if index else InstrumentKind.STOCK_OPTION,
        lot=lot,
        tick=Decimal("0.05"),
        expiry=day,
        strike=Decimal(strike),
        right=right,
    )
