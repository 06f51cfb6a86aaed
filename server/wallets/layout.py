"""Where on the front of a pass each line of a card stands.

Apple: Wallet Passes, Pass Design and Creation (how many fields a style draws, and where).
"""

from dataclasses import dataclass

from server.face import CardFace, Line

FRONT = 4  # Wallet draws no more below the picture when the code is square
_TITLE_AND_LINES = 4  # primary fields of a poster, the large title among them
_SECONDARY = 2  # on the row below the picture; the next two stand beside them as auxiliary fields


@dataclass(frozen=True, slots=True)
class Layout:
    """The lines of a card by place; `over` are those that the front has no room for."""

    header: tuple[Line, ...]
    primary: tuple[Line, ...]
    secondary: tuple[Line, ...]
    auxiliary: tuple[Line, ...]
    over: tuple[Line, ...]


def lay_out(face: CardFace, *, is_drawn: bool) -> Layout:
    """The card's lines on a store card, and on every other style that has one headline.

    Wallet draws the primary field over the strip: with `is_drawn` the strip shows the progress, and
    the headline stands below it.
    """
    lead = (face.headline,) if face.headline else ()
    lines = (*lead, *face.lines) if is_drawn else face.lines
    front = lines[:FRONT]
    return Layout(
        header=(face.corner,) if face.corner else (),
        primary=() if is_drawn else lead,
        secondary=front[:_SECONDARY],
        auxiliary=front[_SECONDARY:],
        over=lines[FRONT:],
    )


@dataclass(frozen=True, slots=True)
class PosterLayout:
    """The lines of a card by place on a poster; `over` are those that the front has no room for."""

    header: tuple[Line, ...]
    title: tuple[Line, ...]
    primary: tuple[Line, ...]
    footer: tuple[Line, ...]
    over: tuple[Line, ...]


def lay_out_poster(face: CardFace) -> PosterLayout:
    """The card's lines on a poster, the headline as its large title, which has no label.

    Wallet draws one field at the foot, so that the fifth line goes to the back.
    """
    title = (face.headline,) if face.headline else ()
    room = _TITLE_AND_LINES - len(title)
    return PosterLayout(
        header=(face.corner,) if face.corner else (),
        title=title,
        primary=face.lines[:room],
        footer=face.lines[room : room + 1],
        over=face.lines[room + 1 :],
    )
