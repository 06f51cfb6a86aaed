"""Draw the pictures of a design from its sources: every `source/**/*.svg` as PNG.

Usage: python scripts/draw_design.py DESIGN
A drawing's width and height are points; it comes out in one, two and three times as many pixels.
The stamps (empty, full, reward) come out once, large: the service makes them as small as needed.
A background is flat art: it comes out in few colours, since it travels with every change.
What printed posters show (logo, strip) comes out once more, for print, in `print/`, and the icon
once more, large and with a wide margin, as the logo that Google Wallet shows in a circle.
Needs Chromium, which draws SVG best.
"""

import io
import math
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from passkit.pictures import encode
from server.google_pictures import LOGO, draw_logo

PASSES = Path(__file__).resolve().parent.parent / "templates" / "passes"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
STAMPS = {"empty", "full", "reward"}
STAMP_SCALE = 3
PRINTED = {"logo", "strip"}
PRINT_SCALE = 6
LOGO_SCALE = 15
BUDGET = 14_000  # bytes in a picture of one pixel to the point; it travels with every change
FLAT_COLOURS = 64  # of a background, which is five times as large as a strip
PRINT_BUDGET = 400_000


def main(name: str) -> None:
    """Draw all pictures of the design `name` and say what was written."""
    folder = PASSES / name
    sources = sorted((folder / "source").rglob("*.svg"))
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not sources:
        sys.exit(f"There are no drawings in {folder / 'source'}: put an icon.svg there.")
    if chromium is None:
        sys.exit("This needs Chromium: on Debian, apt-get install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for source in sources:
            for path, picture, scale in _pictures(browser, source, folder):
                is_light = scale < PRINT_SCALE and picture.mode != "P"
                budget = BUDGET * scale**2 if is_light else PRINT_BUDGET
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(encode(picture, budget=budget))
                size = f"{picture.width} x {picture.height}"
                print(f"{path.relative_to(folder)}: {size}, {path.stat().st_size} bytes")
        browser.close()


def _pictures(browser: Browser, source: Path, folder: Path) -> list[tuple[Path, Image.Image, int]]:
    inside = source.relative_to(folder / "source").with_suffix(".png")
    target = folder / inside
    if inside.parent.name == "stamps" and source.stem in STAMPS:
        return [(target, _draw(browser, source, STAMP_SCALE), STAMP_SCALE)]
    scales = {target.with_stem(f"{target.stem}@{scale}x"): scale for scale in (2, 3)}
    scales[target] = 1
    if inside.stem in PRINTED and inside.parent == Path():
        scales[folder / "print" / inside] = PRINT_SCALE
    made = [(path, _draw(browser, source, scale), scale) for path, scale in scales.items()]
    if inside == Path("icon.png"):
        logo = draw_logo(_draw(browser, source, LOGO_SCALE))
        made.append((folder / "google" / LOGO, logo, LOGO_SCALE))
    return made


def _draw(browser: Browser, source: Path, scale: int) -> Image.Image:
    page = browser.new_page(device_scale_factor=scale)
    page.set_content(f"<style>body{{margin:0}}svg{{display:block}}</style>{source.read_text()}")
    drawn = page.locator("svg").screenshot(omit_background=True)
    page.close()
    picture = Image.open(io.BytesIO(drawn)).convert("RGBA")
    is_opaque = picture.getextrema()[3] == (255, 255)
    made = picture.convert("RGB") if is_opaque else picture
    return _flat(made) if source.stem == "background" else made


def _flat(picture: Image.Image) -> Image.Image:
    """In its most frequent colours, each exactly, and the others as the nearest of them."""
    found = sorted(picture.getcolors(picture.width * picture.height), reverse=True)
    kept = [colour for _, colour in found[:FLAT_COLOURS]]

    def nearest(colour: tuple[int, ...]) -> int:
        return min(range(len(kept)), key=lambda place: math.dist(kept[place], colour))

    places = {colour: nearest(colour) for _, colour in found}
    made = Image.new("P", picture.size)
    made.putpalette([part for colour in kept for part in colour])
    made.putdata([places[colour] for colour in picture.get_flattened_data()])
    return made


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python scripts/draw_design.py DESIGN")
    main(sys.argv[1])
