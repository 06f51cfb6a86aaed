"""Save links beside the bare RSA signature that each of them holds, slice by slice in turn."""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from benchmarks.figures import Figure
from googlewallet import throwaway
from googlewallet.credentials import ServiceAccount
from googlewallet.save_link import MOST_CHARACTERS, SAVE_URL, SaveLinks
from server import clock

TITLE = "Save links: one object by its id, RSA-2048"

_SLICE = 200
_ROUNDS = 20
_SLOW = 8  # links of who reads the key each time, a slice
_GOAL = 0.90
_CLASS = f"{throwaway.ISSUER_ID}.{'c' * 32}"


class _Costs(NamedTuple):
    """Processor seconds for one: the bare signature, our link, PyJWT's, and with the key's file."""

    raw: float
    ours: float
    kept: float
    read: float


def measure() -> list[Figure]:
    """Links a second of each, as ratios to the signatures; every link was verified."""
    with TemporaryDirectory() as name:
        path = throwaway.load_or_create(Path(name), token_uri="http://127.0.0.1:1/token")
        bench = _Bench(ServiceAccount.load(path), path)
        rounds = [bench.round() for _ in range(_ROUNDS + 1)][1:]
    raw, ours, kept, read = (statistics.median(each) for each in zip(*rounds, strict=True))

    def ratio(pick: Callable[[_Costs], float]) -> float:
        return statistics.median(each.raw / pick(each) for each in rounds)

    return [
        Figure(what="raw RSA signatures", figure=f"{1 / raw:,.0f} /s"),
        Figure(
            what="googlewallet",
            figure=f"{1 / ours:,.0f} /s",
            ratio=ratio(lambda each: each.ours),
            goal=_GOAL,
            note=f"{bench.length} characters after {SAVE_URL}, safe are {MOST_CHARACTERS:,}; all "
            f"{bench.verified:,} verified by PyJWT",
        ),
        Figure(
            what="PyJWT, key kept",
            figure=f"{1 / kept:,.0f} /s",
            ratio=ratio(lambda each: each.kept),
        ),
        Figure(
            what="PyJWT, key read each time",
            figure=f"{1 / read:,.0f} /s",
            ratio=ratio(lambda each: each.read),
            note="as Google's samples and the packages made after them do it",
        ),
    ]


class _Bench:
    """Makes slices of each kind, of other ids every time, and looks at every link."""

    def __init__(self, account: ServiceAccount, path: Path) -> None:
        self._account = account
        self._pem = json.loads(path.read_text("utf-8"))["private_key"]
        self._links = SaveLinks(account)
        self._number = 0
        self.length = 0
        self.verified = 0

    def round(self) -> _Costs:
        """A slice of each."""
        raw, _ = self._timed(self._signature, _SLICE)
        ours, links = self._timed(self._link, _SLICE)
        kept, theirs = self._timed(self._kept, _SLICE)
        read, slow = self._timed(self._read, _SLOW)
        for link in links:
            self._verify(link.removeprefix(SAVE_URL))
        for made in (*theirs, *slow):
            self._verify(made)
        self.length = len(links[0]) - len(SAVE_URL)
        return _Costs(raw, ours, kept, read)

    def _timed(self, make: Callable[[str], Any], count: int) -> tuple[float, list[Any]]:
        ids = [f"{throwaway.ISSUER_ID}.{self._number + number:032x}" for number in range(count)]
        self._number += count
        start = time.process_time()
        made = [make(each) for each in ids]
        return (time.process_time() - start) / count, made

    def _signature(self, object_id: str) -> bytes:
        return self._account.key.sign(object_id.encode() * 9, padding.PKCS1v15(), SHA256())

    def _link(self, object_id: str) -> str:
        return self._links.link(loyalty=[object_id], at=clock.now())

    def _kept(self, object_id: str) -> str:
        return jwt.encode(self._claims(object_id), self._account.key, "RS256", self._header)

    def _read(self, object_id: str) -> str:
        return jwt.encode(self._claims(object_id), self._pem, "RS256", self._header)

    @property
    def _header(self) -> dict[str, str]:
        return {"kid": self._account.key_id}

    def _claims(self, object_id: str) -> dict[str, Any]:
        return {
            "iss": self._account.email,
            "aud": "google",
            "typ": "savetowallet",
            "iat": int(time.time()),
            "payload": {"loyaltyObjects": [{"id": object_id}]},
        }

    def _verify(self, made: str) -> None:
        claims = jwt.decode(made, self._account.key.public_key(), ["RS256"], audience="google")
        if set(claims) != {"iss", "aud", "typ", "iat", "payload"}:
            raise ValueError(f"a link says {sorted(claims)}")
        self.verified += 1
