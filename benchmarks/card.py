"""The card that every pass library makes here: what all members' have in common, and what not."""

import json
from datetime import datetime
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from PIL import Image

import passkit
from passkit.certificates import load_key
from passkit.throwaway import Authority

PASS_TYPE, TEAM = "pass.com.example.benchmark", "BENCHMARK1"
IMAGE_BYTES = 149_000
_FLAT_BYTES = 9_000  # what remains of one colour and the frame of a PNG, of all nine together

_SIZES = {"icon": (38, 38), "logo": (160, 50), "strip": (375, 123)}
_TEXTS = {
    "L_STAMPS": ("Leimat", "Stämplar", "Stamps"),
    "L_REWARD": ("Palkinto", "Belöning", "Reward"),
    "L_NAME": ("Jäsen", "Medlem", "Member"),
    "L_LEFT": ("Jäljellä", "Kvar", "Left"),
    "L_LEVEL": ("Taso", "Nivå", "Level"),
    "L_NUMBER": ("Jäsennumero", "Medlemsnummer", "Member number"),
    "L_RULES": ("Säännöt", "Regler", "Rules"),
    "L_CONTACT": ("Yhteystiedot", "Kontakt", "Contact"),
}
STRINGS = {
    language: {key: texts[index] for key, texts in _TEXTS.items()}
    for index, language in enumerate(("fi", "sv", "en"))
}
_GROUPS: dict[str, list[dict[str, Any]]] = {
    "headerFields": [{"key": "stamps", "label": "L_STAMPS", "changeMessage": "Leimat: %@"}],
    "primaryFields": [{"key": "reward", "label": "L_REWARD", "value": "Kahvi ja pulla"}],
    "secondaryFields": [{"key": "name", "label": "L_NAME"}, {"key": "left", "label": "L_LEFT"}],
    "auxiliaryFields": [{"key": "level", "label": "L_LEVEL", "value": "Kanta-asiakas"}],
    "backFields": [
        {"key": "number", "label": "L_NUMBER"},
        {"key": "rules", "label": "L_RULES", "value": "Kymmenes kahvi on ilmainen."},
        {"key": "contact", "label": "L_CONTACT", "value": "Kahvila Esimerkki, Helsinki"},
    ],
}
_COLORS = {
    "backgroundColor": passkit.Color(34, 51, 68),
    "foregroundColor": passkit.Color(255, 255, 255),
    "labelColor": passkit.Color(200, 210, 220),
}
_COMMON = {
    "organizationName": "Kahvila Esimerkki",
    "description": "Leimakortti",
    "logoText": "Kahvila Esimerkki",
    "webServiceURL": "https://cards.example.com",
}


class Workshop:
    """One design and one certificate, and the passes that are made with them."""

    def __init__(self, at: datetime, *, image_bytes: int = IMAGE_BYTES) -> None:
        self.at = at
        self.authority = Authority.create(at=at)
        self.issued = self.authority.issue_pass_certificate(PASS_TYPE, TEAM, at=at)
        self.signer = passkit.Signer(
            self.issued.certificate_pem, self.issued.key_pem, self.authority.intermediate_pem
        )
        key = load_key(self.issued.key_pem)
        assert isinstance(key, rsa.RSAPrivateKey)
        self.key = key
        self.images = _images(image_bytes)
        self.strings = passkit.Strings(STRINGS)
        self.template = passkit.Template(passkit.Images(self.images), self.strings)

    def sign_raw(self, number: int) -> bytes:
        """A bare signature over as many bytes as a pass's signature covers."""
        message = b"%0105d" % number
        return self.key.sign(message, padding.PKCS1v15(), SHA256())

    def make_pass(self, number: int) -> bytes:
        """The pass of one member, from typed values to the finished file."""
        return passkit.build(_pass(number), self.template, self.signer, at=self.at)

    def write_materials(self, folder: Path) -> None:
        """What another program needs to make the same passes."""
        issued = self.issued
        pems = {
            "certificate": issued.certificate_pem,
            "key": issued.key_pem,
            "wwdr": self.authority.intermediate_pem,
            "root": self.authority.root_pem,
        }
        for name, pem in pems.items():
            (folder / f"{name}.pem").write_bytes(pem)
        (folder / "images").mkdir()
        for name, data in self.images.items():
            (folder / "images" / name).write_bytes(data)
        for file in self.strings.files:
            path = folder / "strings" / file.name
            path.parent.mkdir(parents=True)
            path.write_bytes(file.data)
        identity = {"passTypeIdentifier": PASS_TYPE, "teamIdentifier": TEAM}
        colors = {name: str(color) for name, color in _COLORS.items()}
        model = {"pass": {**identity, **_COMMON, **colors}, "groups": _GROUPS, "strings": STRINGS}
        (folder / "model.json").write_text(json.dumps(model), "utf-8")


def facts(number: int) -> dict[str, Any]:
    """What only this member's pass says."""
    member = f"{number:010d}"
    return {
        "serialNumber": f"benchmark-{member}",
        "authenticationToken": f"token-of-member-{member}",
        "barcode": {
            "format": "PKBarcodeFormatQR",
            "message": f"B{member}",
            "messageEncoding": "iso-8859-1",
            "altText": member,
        },
        "values": {
            "stamps": number % 10,
            "name": f"Aino Esimerkki {number}",
            "left": 10 - number % 10,
            "number": member,
        },
    }


def _pass(number: int) -> passkit.Pass:
    member = f"{number:010d}"
    field = passkit.Field
    return passkit.Pass(
        pass_type_identifier=PASS_TYPE,
        team_identifier=TEAM,
        serial_number=f"benchmark-{member}",
        organization_name=_COMMON["organizationName"],
        description=_COMMON["description"],
        logo_text=_COMMON["logoText"],
        background_color=_COLORS["backgroundColor"],
        foreground_color=_COLORS["foregroundColor"],
        label_color=_COLORS["labelColor"],
        barcodes=[passkit.Barcode(message=f"B{member}", alt_text=member)],
        web_service_url=_COMMON["webServiceURL"],
        authentication_token=f"token-of-member-{member}",
        store_card=passkit.StoreCard(
            header_fields=[
                field(
                    key="stamps", label="L_STAMPS", value=number % 10, change_message="Leimat: %@"
                )
            ],
            primary_fields=[field(key="reward", label="L_REWARD", value="Kahvi ja pulla")],
            secondary_fields=[
                field(key="name", label="L_NAME", value=f"Aino Esimerkki {number}"),
                field(key="left", label="L_LEFT", value=10 - number % 10),
            ],
            auxiliary_fields=[field(key="level", label="L_LEVEL", value="Kanta-asiakas")],
            back_fields=[
                field(key="number", label="L_NUMBER", value=member),
                field(key="rules", label="L_RULES", value="Kymmenes kahvi on ilmainen."),
                field(key="contact", label="L_CONTACT", value="Kahvila Esimerkki, Helsinki"),
            ],
        ),
    )


def _images(total: int) -> dict[str, bytes]:
    """Nine images of so many bytes together: noise, which no compression makes smaller, as far as
    it reaches, and one colour from there on."""
    random = Random(2026)  # noqa: S311 - the noise need not be secret
    points = sum(width * height for width, height in _SIZES.values()) * (1 + 4 + 9)
    images = {}
    for name, (width, height) in _SIZES.items():
        for times, suffix in ((1, ""), (2, "@2x"), (3, "@3x")):
            size = (width * times, height * times)
            area = size[0] * size[1]
            wanted = (total - _FLAT_BYTES) * area // points
            noise = random.randbytes(min(wanted, area * 3))
            file = BytesIO()
            Image.frombytes("RGB", size, noise.ljust(area * 3, b"\x40")).save(file, "PNG")
            images[f"{name}{suffix}.png"] = file.getvalue()
    return images
