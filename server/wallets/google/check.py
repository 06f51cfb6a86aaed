"""What Google Wallet would refuse of a design, or not show well.

Google: Wallet brand guidelines for passes (logo: a square of 660 pixels or more, seen through a
circle; hero image: 1032 x 336 pixels); Wallet API reference.
"""

from collections.abc import Iterator
from io import BytesIO
from uuid import UUID

from PIL import Image

from googlewallet import ContentError
from passkit.errors import ImageError
from passkit.images import png_size
from server.catalogue import ShownProgramme
from server.designs import Design
from server.face import CardFace
from server.google_pictures import HERO, HERO_SIZE, LOGO, LOGO_SIDE
from server.wallets.google import bodies as google

_LARGEST = 4096  # pixels
_NOBODY = google.Publisher("1", "https://localhost")


def faults(design: Design, face: CardFace | None) -> Iterator[str]:
    """What cards of the design would not come to Google Wallet for; `face` is one to try."""
    for name, data in design.google.pictures.items():
        try:
            size = png_size(data, f"google/{name}")
            if max(size) > _LARGEST:
                yield f"google/{name} is {size[0]} x {size[1]} pixels: keep it below {_LARGEST}."
                continue
            Image.open(BytesIO(data)).load()
        except ImageError as error:
            yield str(error)
        except (OSError, ValueError, SyntaxError):
            yield f"google/{name} is damaged: export it again."
    if face is None:
        return
    nowhere = ShownProgramme(UUID(int=0), "x", "x", "FI", "x", "en", design, face)
    try:
        google.loyalty_class(nowhere, _NOBODY)
    except ContentError as error:
        yield f"Google Wallet would refuse the design: {error}"


def advice(design: Design) -> Iterator[str]:
    """What could look better; the pictures are ones that open."""
    pictures = design.google.pictures
    for name in sorted(pictures.keys() - {HERO, LOGO}):
        yield f"google/{name} is never shown: there are {LOGO} and {HERO}."
    if (data := pictures.get(LOGO)) is None:
        yield (
            f"there is no google/{LOGO}: Google Wallet shows the icon, enlarged. Draw a square of "
            f"{LOGO_SIDE} pixels with a margin of 15 %."
        )
    else:
        logo = Image.open(BytesIO(data))
        if logo.width != logo.height or logo.width < LOGO_SIDE:
            yield (
                f"google/{LOGO} is {logo.width} x {logo.height} pixels: draw a square of "
                f"{LOGO_SIDE} or more."
            )
        if logo.convert("RGBA").getchannel("A").getextrema() != (255, 255):
            yield f"google/{LOGO} has clear places: give it a ground, to the edges."
    if data := pictures.get(HERO):
        hero = Image.open(BytesIO(data))
        if hero.size != HERO_SIZE:
            yield (
                f"google/{HERO} is {hero.width} x {hero.height} pixels: draw it "
                f"{HERO_SIZE[0]} x {HERO_SIZE[1]}."
            )
