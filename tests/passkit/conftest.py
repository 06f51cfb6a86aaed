"""A throw-away authority, one certificate of it, and a small valid pass to change."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from PIL import Image

import passkit
from passkit.throwaway import Authority, Issued

PASS_TYPE = "pass.test.leima.card"
TEAM = "TEAMTEST01"

MakePass = Callable[..., passkit.Pass]
MakePng = Callable[[int, int], bytes]


@pytest.fixture(scope="session")
def at() -> datetime:
    """Now, since OpenSSL looks at the machine's clock."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="session")
def authority(at: datetime) -> Authority:
    return Authority.create(at=at)


@pytest.fixture(scope="session")
def issued(authority: Authority, at: datetime) -> Issued:
    return authority.issue_pass_certificate(PASS_TYPE, TEAM, at=at)


@pytest.fixture(scope="session")
def signer(authority: Authority, issued: Issued) -> passkit.Signer:
    return passkit.Signer(issued.certificate_pem, issued.key_pem, authority.intermediate_pem)


@pytest.fixture(scope="session")
def png() -> MakePng:
    """Makes a PNG of a size in pixels."""

    def make(width: int = 38, height: int = 38) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", (width, height), (12, 34, 56)).save(file, "PNG")
        return file.getvalue()

    return make


@pytest.fixture(scope="session")
def template(png: MakePng) -> passkit.Template:
    return passkit.Template(passkit.Images({"icon.png": png(), "icon@2x.png": png(76, 76)}))


@pytest.fixture(scope="session")
def make_pass() -> MakePass:
    """Makes a valid pass with the changes asked for."""

    def make(**changes: object) -> passkit.Pass:
        values: dict[str, object] = {
            "pass_type_identifier": PASS_TYPE,
            "team_identifier": TEAM,
            "serial_number": "0123456789abcdef0123456789abcdef",
            "organization_name": "Kahvila Esimerkki",
            "description": "Leimakortti",
            "store_card": passkit.StoreCard(
                primary_fields=[passkit.Field(key="stamps", label="Leimat", value=3)]
            ),
        }
        return passkit.Pass(**(values | changes))

    return make


@pytest.fixture(scope="session")
def written(make_pass: MakePass) -> Callable[..., dict[str, object]]:
    """pass.json of a valid pass with the changes asked for, parsed again."""
    return lambda **changes: json.loads(make_pass(**changes).to_json())


@pytest.fixture
def pkpass(
    make_pass: MakePass, template: passkit.Template, signer: passkit.Signer, at: datetime
) -> bytes:
    return passkit.build(make_pass(), template, signer, at=at)


@pytest.fixture
def files(pkpass: bytes) -> dict[str, bytes]:
    """The files of a valid pass, to be changed and packed again."""
    with zipfile.ZipFile(io.BytesIO(pkpass)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="session")
def packed() -> Callable[[dict[str, bytes]], bytes]:
    """A zip file of the files given, as another program would write it."""

    def pack(files: dict[str, bytes]) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return file.getvalue()

    return pack
