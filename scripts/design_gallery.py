"""All designs in one picture for the documents: `python scripts/design_gallery.py`.

Writes docs/designs.png, a card of each kind as a phone shows it, in English.
"""

from pathlib import Path

from PIL import Image

from passkit.pictures import encode
from server import designs, samples
from server.wallets import preview

FILE = Path(__file__).resolve().parent.parent / "docs" / "designs.png"
COLUMNS = 4
WIDTH = 1600  # pixels of the whole picture
BUDGET = 700_000  # bytes


def main() -> None:
    """Draw every design's sample, four in a row."""
    cards = []
    for name in designs.names():
        design = designs.load(name)
        cards.append(preview.sheet(design, samples.read(design.folder).face, ("en",)))
    width, height = cards[0].size
    rows = -(-len(cards) // COLUMNS)
    sheet = Image.new("RGB", (width * COLUMNS, height * rows), cards[0].getpixel((0, 0)))
    for place, card in enumerate(cards):
        in_row = min(COLUMNS, len(cards) - place // COLUMNS * COLUMNS)
        indent = (COLUMNS - in_row) * width // 2
        sheet.paste(card, (indent + place % COLUMNS * width, place // COLUMNS * height))
    small = sheet.resize((WIDTH, sheet.height * WIDTH // sheet.width), Image.Resampling.LANCZOS)
    FILE.write_bytes(encode(small, budget=BUDGET))
    print(f"{FILE.name}: {small.width} x {small.height}, {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
