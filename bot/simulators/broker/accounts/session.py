"""Who is calling: the two login steps, the tokens they mint, and when those die (mstock-type-b.md section 3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from datetime import datetime, timedelta
from uuid import UUID

import pyotp

from bot.simulators.broker.accounts.ledger import Ledger
from bot.simulators.broker.accounts.records import Account
from bot.simulators.broker.faults.armed import ActiveFaults
from bot.simulators.broker.faults.errors import Refusal
from bot.simulators.broker.market.hours import next_midnight

STEP_LIFE = timedelta(seconds=300)
ATTEMPTS = 10
EXCHANGES = ["BEQ", "BFO", "NEQ", "NFO", "NCR", "BSEMF", "NSEIPO", "BSEIPO"]
EXPIRED_OTP = "Entered OTP has been expired. Please regenerate a new one & enter the same."


def refuse_token(message: str = "Invalid request. Please try again.") -> Refusal:
    return Refusal(message, http=401, code="IA401")


def refuse_key() -> Refusal:
    return Refusal("API is suspended/expired for use. Please check your API subscription and try again.", http=403, code="IA403")


def refuse_address() -> Refusal:
    return Refusal("Primary and Secondary IP Address are not matching with current IP address.", http=403, code="IA403")


class Sessions:
    """Mints and checks tokens. What must outlive a restart (signing key, live sessions, attempts) is in the ledger."""

    def __init__(self, ledger: Ledger, rng: random.Random, faults: ActiveFaults) -> None:
        self._ledger = ledger
        self._rng = rng
        self._faults = faults
        with ledger.change():
            secret = ledger.meta("jwt secret") or rng.randbytes(32).hex()
            ledger.set_meta("jwt secret", secret)
        self._secret = bytes.fromhex(secret)
        self.sms_codes: dict[str, str] = {}  # shown at the control desk: the paper broker's text messages
        self._uuids: dict[str, tuple[str, datetime]] = {}

    # Step one.

    def login(self, client: str, password: str, now: datetime, *, uuid_form: bool = False) -> dict[str, object]:
        """Checks the password. Answers the 300 s token three times over, or the older bare UUID."""
        if not client.strip() or not password:
            raise Refusal("Please provide valid clientcode and password.", http=400, code="400")
        account = self._ledger.accounts.get(client)
        if account is None:
            raise Refusal("Invalid username or password. 9 attempts remaining ", code="MA500")
        if account.attempts_left <= 0:
            raise Refusal("Your account is locked. Please use forgot password to unlock.", code="MA500")
        if not same(account.password, password):
            account.attempts_left -= 1
            with self._ledger.change():
                self._ledger.put(account)
                self._ledger.tell(now, client, "wrong password", attempts_left=account.attempts_left)
            raise Refusal(f"Invalid username or password. {account.attempts_left} attempts remaining ", code="MA500")
        account.attempts_left = ATTEMPTS
        with self._ledger.change():
            self._ledger.put(account)
            self._ledger.tell(now, client, "password accepted")
        if account.totp_seed is None:
            self.sms_codes[client] = f"{self._rng.randrange(1000):03d}"
        if uuid_form:
            handle = str(UUID(bytes=self._rng.randbytes(16), version=4))
            self._uuids[handle] = (client, now + STEP_LIFE)
            return {"jwtToken": handle, "refreshToken": "", "feedToken": "", "state": "live"}
        iat = int(now.timestamp())
        token = self._sign(
            {"USERNAME": client, "APITYPE": "TYPEB", "nbf": iat, "exp": iat + int(STEP_LIFE.total_seconds()), "iat": iat}
        )
        return {"jwtToken": token, "refreshToken": token, "feedToken": token, "state": "live"}

    # Step two.

    def by_totp(self, handle: str, code: str, api_key: str, now: datetime) -> dict[str, object]:
        account = self._step(handle, api_key, now)
        step = int(now.timestamp()) // 30
        wrong = Refusal("Please enter correct TOTP", http=400, code="MA400", typed=True, status="error")
        if account.totp_seed is None:
            raise wrong
        totp = pyotp.TOTP(account.totp_seed)
        found = next((s for s in (step, step - 1, step + 1) if same(totp.generate_otp(s), code)), None)
        used = f"totp/{account.client}"
        single_use = self._faults.on("totp_single_use", account.client) is not None
        if found is None or (single_use and self._ledger.meta(used) == str(found)):
            raise wrong
        return self._open(account, now, remember=(used, str(found)))

    def by_sms(self, handle: str, code: str, api_key: str, now: datetime) -> dict[str, object]:
        account = self._step(handle, api_key, now)
        expected = self.sms_codes.get(account.client)
        if expected is None:
            raise Refusal(EXPIRED_OTP, code="MA500")
        if not same(expected, code):
            raise Refusal("The entered OTP is incorrect. Please proceed to login page. (-MACM60)", code="MA500")
        del self.sms_codes[account.client]
        return self._open(account, now)

    def _step(self, handle: str, api_key: str, now: datetime) -> Account:
        if handle in self._uuids:
            client, until = self._uuids[handle]
            if until <= now:
                raise Refusal(EXPIRED_OTP, code="MA500")
        else:
            claims = self._claims(handle)
            if claims is None or "SID" in claims:
                raise refuse_token()
            if _when(claims) <= now.timestamp():
                raise Refusal(EXPIRED_OTP, code="MA500")
            client = str(claims["USERNAME"])
        account = self._ledger.accounts[client]
        self.check_key(account, api_key, now)
        return account

    def _open(self, account: Account, now: datetime, remember: tuple[str, str] | None = None) -> dict[str, object]:
        iat, exp = int(now.timestamp()), int(next_midnight(now).timestamp())
        uid = str(UUID(bytes=self._rng.randbytes(16), version=4))
        inner = self._sign({"aud": "paper", "exp": iat + 86400, "iat": iat, "iss": "paper", "nbf": iat, "pfm": "API",
                            "tid": uid, "uid": account.client, "vid": "1"})  # fmt: skip
        claims: dict[str, object] = {
            "USERNAME": account.client, "CLIENTNAME": account.name,
            "USER_DETAILS": base64.b64encode(self._rng.randbytes(240)).decode(), "USERID": account.client,
            "ACCESS_TOKEN": inner, "APITYPE": "TYPEB", "UID": uid, "SID": uid[:8], "nbf": iat, "exp": exp, "iat": iat,
        }  # fmt: skip
        with self._ledger.change():
            if self._faults.on("single_session", account.client):
                self._ledger.forget_sessions(account.client)
            if remember:
                self._ledger.set_meta(*remember)
            self._ledger.set_meta(f"session/{uid}", account.client)
            self._ledger.tell(now, account.client, "session opened", until=next_midnight(now))
        refresh = self._sign({"USERNAME": account.client, "iat": iat, "exp": iat + 30 * 86400})
        feed = self._sign({"USERNAME": account.client, "iat": iat, "exp": iat + 20 * 3600}, algorithm="HS512")
        return {
            "ClientName": account.name, "ClientId": account.client, "exchanges": EXCHANGES,
            "jwtToken": self._sign(claims), "refreshToken": refresh, "feedToken": feed,
        }  # fmt: skip

    # Every call after.

    def account_of(self, token: str, now: datetime) -> Account:
        """Whose session token this is. A refusal (401 IA401) when it is missing, of the wrong kind, dead or ended."""
        claims = self._claims(token)
        if claims is None or "UID" not in claims or _when(claims) <= now.timestamp():
            raise refuse_token()
        client = self._ledger.meta(f"session/{claims['UID']}")
        if client is None or client not in self._ledger.accounts:
            raise refuse_token()
        return self._ledger.accounts[client]

    def check_key(self, account: Account, api_key: str, now: datetime) -> None:
        expired = account.key_expires is not None and account.key_expires <= now.isoformat()
        if expired or not same(account.api_key, api_key):
            raise refuse_key()

    def end(self, token: str, now: datetime) -> None:
        claims = self._claims(token) or {}
        with self._ledger.change():
            self._ledger.set_meta(f"session/{claims.get('UID')}", "")
            self._ledger.tell(now, str(claims.get("USERNAME", "")), "session ended")

    def end_all(self, client: str, now: datetime) -> int:
        """Forgets every session of a client. Returns how many there were."""
        with self._ledger.change():
            self._ledger.tell(now, client, "sessions forgotten")
            return self._ledger.forget_sessions(client)

    def _sign(self, claims: dict[str, object], algorithm: str = "HS256") -> str:
        head = _b64(json.dumps({"alg": algorithm, "typ": "JWT"}, separators=(",", ":")).encode())
        body = _b64(json.dumps(claims, separators=(",", ":")).encode())
        return f"{head}.{body}.{_b64(self._signature(head, body, algorithm))}"

    def _signature(self, head: str, body: str, algorithm: str) -> bytes:
        digest = hashlib.sha256 if algorithm == "HS256" else hashlib.sha512
        return hmac.new(self._secret, f"{head}.{body}".encode(), digest).digest()

    def _claims(self, token: str) -> dict[str, object] | None:
        """The claims of an HS256 token that we signed. None for anything else."""
        try:
            head, body, signature = token.split(".")
            given = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
            if not hmac.compare_digest(given, self._signature(head, body, "HS256")):
                return None
            claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        except (ValueError, UnicodeError):
            return None
        return claims if isinstance(claims, dict) else None


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _when(claims: dict[str, object]) -> float:
    value = claims.get("exp")
    return float(value) if isinstance(value, int | float) else 0.0


def same(one: str, other: str) -> bool:
    """Compares two secrets in constant time, whatever characters somebody sent."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
