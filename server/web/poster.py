"""The poster of a programme, as a PDF to print."""

from flask import Blueprint, Response, g, request

from server import cards, posters
from server.errors import Refused
from server.face import LANGUAGES
from server.web import services
from server.web.member import find_programme

poster = Blueprint("poster", __name__)


@poster.get("/join/<brand_slug>/<programme_slug>/poster.pdf")
def poster_file(brand_slug: str, programme_slug: str) -> Response:
    """`size` is a4, a5 or table; `lang` is fi, sv or en, the reader's own when it is left out."""
    brand, programme = find_programme(brand_slug, programme_slug)
    size = _one_of("size", tuple(posters.SIZES), "a4")
    language = _one_of("lang", LANGUAGES, g.language)
    with services().database.reading() as session:
        parts = cards.parts_of(session, programme.id)
    content = posters.Poster(
        design=programme.design,
        brand=brand.name,
        programme=programme.name,
        sentence=" ".join(
            part.kind.sentence(part.rules, currency=brand.currency).get(language) for part in parts
        ),
        link=f"{services().settings.public_url}/join/{brand.slug}/{programme.slug}",
        language=language,
    )
    name = f"{programme.slug}-{size}-{language}.pdf"
    headers = {
        "Content-Disposition": f'inline; filename="{name}"',
        "Cache-Control": "private, max-age=300",
        "Vary": "Accept-Language",
    }
    return Response(posters.render(content, size), mimetype="application/pdf", headers=headers)


def _one_of(name: str, known: tuple[str, ...], default: str) -> str:
    value = request.args.get(name, default)
    if value not in known:
        raise Refused("poster_unknown", f"The poster's {name} is one of {', '.join(known)}.")
    return value
