"""Google's side of the sandbox for a browser: the page that saves a pass, and passes' pictures.

The save page is in spirit what Google shows at a save link; the words and the looks are ours.
"""

from typing import Any

from flask import Flask, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.face import LANGUAGES
from server.sandbox.android.drawing import code_svg
from server.sandbox.android.links import SAVE_PATH
from server.sandbox.android.phone import AndroidPhone
from server.sandbox.android.phones import Androids
from server.sandbox.errors import SaveRefused
from server.sandbox.google.drawing import Linked, draw_face
from server.sandbox.google.links import Named
from server.sandbox.google.pictures import GooglePictures
from server.sandbox.google.stand_in import GoogleStandIn
from server.sandbox.picture_answers import answer_picture


def init_app(app: Flask, androids: Androids, pictures: GooglePictures) -> None:
    """Add the pages to `app`."""
    _add_pictures(app, androids, pictures)
    _add_save_page(app, androids, pictures)


def lead_here(stand_in: Flask, pages_url: str) -> None:
    """Have the save links of the stand-in's own application lead to the page at `pages_url`."""

    @stand_in.get(f"{SAVE_PATH}<path:jwt>")
    def save_link(jwt: str) -> BaseResponse:
        return redirect(f"{pages_url.rstrip('/')}{SAVE_PATH}{jwt}")


def _add_pictures(app: Flask, androids: Androids, pictures: GooglePictures) -> None:
    @app.get("/google/pictures/<key>")
    def google_picture(key: str) -> Response:
        found = pictures.get(key)
        if found is None:
            abort(404, "Google has no such picture.")
        return answer_picture(found.data, found.mimetype, is_immutable=True)

    @app.get("/google/codes/<phone_id>/<object_id>.svg")
    def google_code(phone_id: str, object_id: str) -> Response:
        phone = androids.get(phone_id)
        kept = phone.look().cards.get(object_id) if phone else None
        svg = code_svg(kept) if kept else None
        if svg is None:
            abort(404, "There is no such code on this phone.")
        return answer_picture(svg, "image/svg+xml", is_immutable=bool(request.query_string))


def _add_save_page(app: Flask, androids: Androids, pictures: GooglePictures) -> None:
    google = androids.google

    @app.get(f"{SAVE_PATH}<path:jwt>")
    def save_page(jwt: str) -> str | tuple[str, int]:
        try:
            named = google.look(jwt)
        except SaveRefused as error:
            return _refused(error)
        held = {phone.id for phone in androids if _has(google, phone, named)}
        return render_template(
            "google_save.html",
            lang="en",
            cards=_faces(named, pictures),
            first_id=named[0].id,
            phones=list(androids),
            held=held,
        )

    @app.post(f"{SAVE_PATH}<path:jwt>")
    def save(jwt: str) -> BaseResponse | tuple[str, int]:
        phone = androids.get(request.form.get("phone", ""))
        if phone is None:
            abort(400, "Choose a phone to save it on.")
        try:
            phone.save(jwt)
        except SaveRefused as error:
            return _refused(error)
        return redirect(url_for("save_page", jwt=jwt), 303)


def _refused(error: SaveRefused) -> tuple[str, int]:
    return render_template("google_save.html", lang="en", refusal=str(error)), 422


def _has(google: GoogleStandIn, phone: AndroidPhone, named: tuple[Named, ...]) -> bool:
    wallet = google.wallets.get(phone.account.id, ())
    return all(each.id in wallet for each in named)


def _faces(named: tuple[Named, ...], pictures: GooglePictures) -> list[dict[str, Any]]:
    """The cards in the visitor's language, as nobody has them yet."""
    language = request.accept_languages.best_match(LANGUAGES, default="en")
    return [
        draw_face(
            Linked(each.kind.removesuffix("Object"), each.body, each.its_class),
            language,
            picture=pictures.path,
        )
        for each in named
    ]
