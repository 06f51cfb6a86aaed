"""The front page, and what brands look like: colours as a stylesheet, pictures of designs."""

import io

from flask import Blueprint, Response, render_template, send_file
from sqlmodel import col, select

from server import designs, google_pictures, strips
from server.errors import NotFound
from server.models import Brand, Programme
from server.web import badges, sandbox, services

pages = Blueprint("pages", __name__)


@pages.get("/")
def home() -> str:
    """What Leima is; with the sandbox on, how to try it."""
    return render_template("home.html", sandbox=sandbox())


@pages.get("/brand/<slug>.css")
def brand_stylesheet(slug: str) -> Response:
    """The brand's colours as custom properties, since inline styles are not allowed."""
    design = designs.load(_design_of(slug))
    css = (
        f":root{{--brand-background:{design.background_color};"
        f"--brand-foreground:{design.foreground_color};--brand-label:{design.label_color}}}"
    )
    return Response(css, mimetype="text/css", headers={"Cache-Control": "max-age=300"})


@pages.get("/designs/<name>/<version>/<file_name>")
def design_image(name: str, version: str, file_name: str) -> Response:
    """A picture of a design; its version is in the address, so it never goes stale."""
    design = designs.load(name) if name in designs.names() else None
    if design is None or design.version[:12] != version or file_name not in design.images:
        raise NotFound("image_unknown", "There is no such picture.")
    image = io.BytesIO(design.images[file_name])
    return send_file(image, "image/png", max_age=31_536_000)


@pages.get("/designs/<name>/<version>/stamps/<file_name>")
def stamp_image(name: str, version: str, file_name: str) -> Response:
    """A picture of a design's stamp."""
    design = designs.load(name) if name in designs.names() else None
    stamps = design.stamps.pictures if design and design.stamps else {}
    if design is None or design.version[:12] != version or file_name not in stamps:
        raise NotFound("image_unknown", "There is no such picture.")
    return send_file(io.BytesIO(stamps[file_name]), "image/png", max_age=31_536_000)


@pages.get("/badges/<file_name>")
def badge_image(file_name: str) -> Response:
    """A wallet's official badge; the date of the file is in its address, so it never goes stale."""
    path = badges.find(file_name)
    if path is None:
        raise NotFound("image_unknown", "There is no such picture.")
    return send_file(io.BytesIO(path.read_bytes()), "image/svg+xml", max_age=31_536_000)


@pages.get("/designs/<name>/<version>/google/<file_name>")
def google_image(name: str, version: str, file_name: str) -> Response:
    """A picture that Google Wallet fetches; its address tells all that it depends on."""
    design = designs.load(name) if name in designs.names() else None
    folder = services().settings.data_dir / strips.FOLDER
    if design is None or google_pictures.edition(design) != version:
        raise NotFound("image_unknown", "There is no such picture.")
    data = google_pictures.picture(design, file_name, folder)
    if data is None:
        raise NotFound("image_unknown", "There is no such picture.")
    return send_file(io.BytesIO(data), "image/png", max_age=31_536_000)


def _design_of(slug: str) -> str:
    statement = (
        select(Programme.design)
        .join(Brand, col(Brand.id) == col(Programme.brand_id))
        .where(Brand.slug == slug)
        .order_by(Programme.slug)
    )
    with services().database.reading() as session:
        design = session.exec(statement).first()
    if design is None:
        raise NotFound("brand_unknown", "There is no such brand.")
    return design
