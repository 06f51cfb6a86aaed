"""Signed passes a second, beside bare RSA signatures with the same key.

Each pass goes through the whole public interface with values of its own: fields, code, serial
number and token are checked, written, hashed, signed and packed. Slices of both are interleaved,
so that a busy machine slows both alike.
"""

import statistics
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from PIL import Image

import passkit
from benchmarks.figures import Figure
from passkit.certificates import load_key
from passkit.throwaway import Authority

TITLE = "Passes: store card, 9 images of about 149 KB, 8 fields, QR, RSA-2048"

_PASS_TYPE, _TEAM = "pass.com.example.benchmark", "BENCHMARK1"
_BACKGROUND = passkit.Color(34, 51, 68)
_FOREGROUND = passkit.Color(255, 255, 255)
_LABEL = passkit.Color(200, 210, 220)
_SLICE = 50
_SINGLE_SECONDS = 10.0
_THREADS_SECONDS = 4.0
_SAMPLE_EVERY = 400
_FREE_CORE = 1.6  # what a second thread brings at least when a second core has nothing to do
_OPENSSL_OPTIONS = ["-in", "signature", "-binary", "-content", "manifest.json"]
_OPENSSL_OPTIONS += ["-CAfile", "root.pem", "-purpose", "any", "-out", "verified"]
_SIZES = {"icon": (29, 29), "logo": (60, 20), "strip": (96, 34)}
_TOTAL_BYTES = 149_000


class Workshop:
    """One design and one certificate, and the passes that are made with them."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.authority = Authority.create(at=at)
        issued = self.authority.issue_pass_certificate(_PASS_TYPE, _TEAM, at=at)
        self.signer = passkit.Signer(
            issued.certificate_pem, issued.key_pem, self.authority.intermediate_pem
        )
        key = load_key(issued.key_pem)
        assert isinstance(key, rsa.RSAPrivateKey)
        self.key = key
        self.images = _images()
        self.template = passkit.Template(passkit.Images(self.images))

    def sign_raw(self, number: int) -> bytes:
        """A bare signature over as many bytes as a pass's signature covers."""
        message = b"%0105d" % number
        return self.key.sign(message, padding.PKCS1v15(), SHA256())

    def make_pass(self, number: int) -> bytes:
        """The pass of one member, from typed values to the finished file."""
        return passkit.build(_pass(number), self.template, self.signer, at=self.at)


def measure() -> list[Figure]:
    """The figures of this machine; raises when a sample of the passes does not verify."""
    workshop = Workshop(datetime.now(UTC))
    _verify([workshop.make_pass(number) for number in range(3)], workshop)
    raw, made, ratio, sample = _single(workshop)
    _verify(sample, workshop)
    return [
        Figure(what="raw RSA signatures", figure=f"{raw:,.0f} /s"),
        Figure(
            what="passes, one thread",
            figure=f"{made:,.0f} /s",
            ratio=ratio,
            goal=0.85,
            note=f"to raw signatures, both by processor time; {len(sample) + 3} passes"
            " verified by OpenSSL",
        ),
        _second_thread(_gain(workshop.sign_raw), _gain(workshop.make_pass)),
    ]


def _second_thread(raw_gain: float, gain: float) -> Figure:
    has_core = raw_gain > _FREE_CORE
    return Figure(
        what="passes, a second thread",
        figure=f"x {gain:.2f}",
        ratio=gain / raw_gain if has_core else None,
        goal=0.92 if has_core else None,
        note=f"to the x {raw_gain:.2f} it brings raw signatures, by the clock"
        + ("" if has_core else ": no second core is free, so it tells nothing"),
    )


def _single(workshop: Workshop) -> tuple[float, float, float, list[bytes]]:
    """Raw signatures/s, passes/s, their ratio, and passes picked on the way."""
    raw_times: list[float] = []
    pass_times: list[float] = []
    sample: list[bytes] = []
    number = 0
    end = time.perf_counter() + _SINGLE_SECONDS
    while time.perf_counter() < end:
        raw_times.append(_timed(workshop.sign_raw, number))
        pass_times.append(_timed(workshop.make_pass, number))
        number += _SLICE
        if number % _SAMPLE_EVERY == 0:
            sample.append(workshop.make_pass(number))
    ratio = statistics.median(raw / made for raw, made in zip(raw_times, pass_times, strict=True))
    count = len(raw_times) * _SLICE
    return count / sum(raw_times), count / sum(pass_times), ratio, sample


def _timed(make: Callable[[int], bytes], first: int) -> float:
    """Seconds of this thread's processor time for one slice."""
    start = time.thread_time()
    for number in range(first, first + _SLICE):
        make(number)
    return time.thread_time() - start


def _gain(make: Callable[[int], bytes]) -> float:
    """How many times as much two threads make as one does, the best of many short slices."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    end = time.perf_counter() + _THREADS_SECONDS
    with ThreadPoolExecutor(2) as pool:
        while time.perf_counter() < end:
            for threads, found in rates.items():
                start = time.perf_counter()
                list(pool.map(partial(_timed, make), [0] * threads))
                found.append(threads * _SLICE / (time.perf_counter() - start))
    return max(rates[2]) / max(rates[1])


def _pass(number: int) -> passkit.Pass:
    member = f"{number:010d}"
    field = passkit.Field
    return passkit.Pass(
        pass_type_identifier=_PASS_TYPE,
        team_identifier=_TEAM,
        serial_number=f"benchmark-{member}",
        organization_name="Kahvila Esimerkki",
        description="Leimakortti",
        logo_text="Kahvila Esimerkki",
        background_color=_BACKGROUND,
        foreground_color=_FOREGROUND,
        label_color=_LABEL,
        barcodes=[passkit.Barcode(message=f"B{member}", alt_text=member)],
        web_service_url="https://cards.example.com",
        authentication_token=f"token-of-member-{member}",
        store_card=passkit.StoreCard(
            header_fields=[
                field(key="stamps", label="Leimat", value=number % 10, change_message="Leimat: %@")
            ],
            primary_fields=[field(key="reward", label="Palkinto", value="Kahvi ja pulla")],
            secondary_fields=[
                field(key="name", label="Jäsen", value=f"Aino Esimerkki {number}"),
                field(key="left", label="Jäljellä", value=10 - number % 10),
            ],
            auxiliary_fields=[field(key="level", label="Taso", value="Kanta-asiakas")],
            back_fields=[
                field(key="number", label="Jäsennumero", value=member),
                field(key="rules", label="Säännöt", value="Kymmenes kahvi on ilmainen."),
                field(key="contact", label="Yhteystiedot", value="Kahvila Esimerkki, Helsinki"),
            ],
        ),
    )


def _images() -> dict[str, bytes]:
    """Nine images of noise, which no compression makes smaller, as photographs hardly are."""
    random = Random(2026)  # noqa: S311 - the noise need not be secret
    points = sum(width * height for width, height in _SIZES.values()) * (1 + 4 + 9)
    scale = (_TOTAL_BYTES / 3 / points) ** 0.5
    images = {}
    for name, (width, height) in _SIZES.items():
        for times, suffix in ((1, ""), (2, "@2x"), (3, "@3x")):
            size = (round(width * times * scale), round(height * times * scale))
            noise = random.randbytes(size[0] * size[1] * 3)
            file = BytesIO()
            Image.frombytes("RGB", size, noise).save(file, "PNG")
            images[f"{name}{suffix}.png"] = file.getvalue()
    return images


def _verify(passes: list[bytes], workshop: Workshop) -> None:
    """Raise unless OpenSSL finds each signature right and each manifest lists the right files."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "root.pem").write_bytes(workshop.authority.root_pem)
        for each in passes:
            opened = passkit.read(each, root_pem=workshop.authority.root_pem)
            for file in ("manifest.json", "signature"):
                (folder / file).write_bytes(opened.files[file])
            subprocess.run(
                ["openssl", "cms", "-verify", "-inform", "DER", *_OPENSSL_OPTIONS],
                cwd=folder,
                check=True,
                capture_output=True,
            )
