"""Draw the pictures of a design from its sources: every `source/**/*.svg` as PNG.

Usage: python scripts/draw_design.py DESIGN
A drawing's width and height are points; it comes out in one, two and three times as many pixels.
The stamps (empty, full, reward) come out once, large: the service makes them as small as needed.
Needs Chromium, which draws SVG best.
"""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

PASSES = Path(__file__).resolve().parent.parent / "templates" / "passes"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
STAMPS = {"empty", "full", "reward"}
STAMP_SCALE = 3
COLOURS = 128


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
            for path, picture in _pictures(browser, source, folder):
                path.parent.mkdir(exist_ok=True)
                picture.save(path, "PNG", optimize=True)
                size = f"{picture.width} x {picture.height}"
                print(f"{path.relative_to(folder)}: {size}, {path.stat().st_size} bytes")
        browser.close()


def _pictures(browser: Browser, source: Path, folder: Path) -> list[tuple[Path, Image.Image]]:
    target = folder / source.relative_to(folder / "source").with_suffix(".png")
    if source.parent.name == "stamps" and source.stem in STAMPS:
        return [(target, _draw(browser, source, STAMP_SCALE))]
    return [
        (target.with_stem(target.stem + ("" if scale == 1 else f"@{scale}x")), picture)
        for scale in (1, 2, 3)
        for picture in (_draw(browser, source, scale),)
    ]


def _draw(browser: Browser, source: Path, scale: int) -> Image.Image:
    page = browser.new_page(device_scale_factor=scale)
    page.set_content(f"<style>body{{margin:0}}svg{{display:block}}</style>{source.read_text()}")
    drawn = page.locator("svg").screenshot(omit_background=True)
    page.close()
    picture = Image.open(io.BytesIO(drawn)).convert("RGBA")
    is_opaque = picture.getextrema()[3] == (255, 255)
    return (
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE) if is_opaque else picture
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python scripts/draw_design.py DESIGN")
    main(sys.argv[1])
