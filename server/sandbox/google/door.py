"""Who may call the Google stand-in: service-account assertions in, access tokens out.

The assertion is that of google-auth, which names Google's own token endpoint as the audience
whatever the address is that it sends it to.
"""

import json
import secrets
import threading
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from googlewallet.credentials import SCOPE
from server.sandbox.errors import AccountUnreadable, CallRefused

AUDIENCE = "https://oauth2.googleapis.com/token"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE_SECONDS = 3599
_LONGEST_SECONDS = 3600


class AccountKeys:
    """The service account's public keys. A key that replaces another in the file is one more: as
    at Google, the old one is good until it is deleted.
    """

    def __init__(self, file: Path) -> None:
        """Raises AccountUnreadable."""
        self._file = file
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._keys: dict[str, RSAPublicKey] = {}
        self.email = ""
        self._refresh()

    def decode(self, token: str, *, audience: str) -> dict[str, Any]:
        """The claims of a token that one of the account's keys signed.

        Raises jwt.PyJWTError. Only signature and audience are looked at.
        """
        header = jwt.get_unverified_header(token)
        self._refresh()
        named = self._keys.get(header.get("kid", ""))
        if named is None and "kid" in header:
            raise jwt.InvalidKeyError(f"{header['kid']} is no key of {self.email}")
        *others, last = [named] if named else self._keys.values()
        for key in others:
            try:
                return self._decode(token, key, audience)
            except jwt.InvalidSignatureError:
                continue
        return self._decode(token, last, audience)

    def _decode(self, token: str, key: RSAPublicKey, audience: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=audience,
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        return claims

    def _refresh(self) -> None:
        try:
            status = self._file.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            with self._lock:
                if stamp != self._stamp:
                    self._read()
                    self._stamp = stamp
        except (OSError, ValueError, KeyError) as error:
            if not self._keys:
                raise AccountUnreadable(f"{self._file} is no service account: {error}") from error

    def _read(self) -> None:
        values = json.loads(self._file.read_bytes())
        pem = values["private_key"].encode()
        # Not looked at closely, which takes long: nobody but us made it, and only to verify by it.
        key = load_pem_private_key(
            pem, password=None, unsafe_skip_rsa_key_validation=True
        ).public_key()
        if not isinstance(key, RSAPublicKey):
            raise ValueError("its key is no RSA key")
        self.email = values["client_email"]
        self._keys[values["private_key_id"]] = key


class Door:
    """Gives out access tokens and knows them again. Runs by the real clock, as clients do."""

    def __init__(self, keys: AccountKeys) -> None:
        self._keys = keys
        self._tokens: dict[str, tuple[float, str]] = {}

    def grant(self, form: dict[str, str]) -> dict[str, Any]:
        """The answer of the token endpoint. Raises CallRefused with OAuth's word for it."""
        if form.get("grant_type") != _GRANT:
            raise CallRefused(400, "unsupported_grant_type", "Invalid grant_type")
        try:
            claims = self._keys.decode(form.get("assertion", ""), audience=AUDIENCE)
        except jwt.InvalidAudienceError as error:
            raise CallRefused(400, "invalid_grant", "Invalid JWT: wrong audience.") from error
        except jwt.PyJWTError as error:
            raise CallRefused(400, "invalid_grant", f"Invalid JWT Signature: {error}") from error
        now = time.time()
        issued, ends = claims.get("iat"), claims.get("exp")
        if claims.get("iss") != self._keys.email:
            raise CallRefused(400, "invalid_grant", "Invalid grant: account not found")
        if not isinstance(issued, int) or not isinstance(ends, int):
            raise CallRefused(400, "invalid_grant", "Invalid JWT: iat and exp must be numbers.")
        if not issued - 300 <= now < ends or ends - issued > _LONGEST_SECONDS:
            raise CallRefused(400, "invalid_grant", "Invalid JWT: must be short-lived and of now.")
        token = f"ya29.{secrets.token_urlsafe(32)}"
        self._tokens[token] = (time.monotonic() + _LIFE_SECONDS, str(claims.get("scope", "")))
        return {"access_token": token, "expires_in": _LIFE_SECONDS, "token_type": "Bearer"}

    def require(self, authorization: str) -> None:
        """Raise CallRefused unless the header holds a good access token for the Wallet API."""
        scheme, _, token = authorization.partition(" ")
        until, scope = self._tokens.get(token if scheme == "Bearer" else "", (0.0, ""))
        if until < time.monotonic():
            raise CallRefused(401, "authError", "Invalid Credentials")
        if SCOPE not in scope.split():
            raise CallRefused(403, "insufficientPermissions", "Insufficient Permission")

    def revoke(self) -> None:
        """Every token given out is worthless from now on."""
        self._tokens.clear()
