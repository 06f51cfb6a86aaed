"""Members: reading one."""

from flask import Response, g, jsonify
from flask_openapi3.models.tag import Tag

from server import members
from server.web import services
from server.web.api.contract import api, problems
from server.web.api.schemas import MemberPath, MemberView

TAGS = [Tag(name="Members")]


@api.get("/members/<string:member_id>", tags=TAGS, responses={200: MemberView, **problems(404)})
def show_member(path: MemberPath) -> Response:
    """A member and the ids of their cards."""
    member, cards = members.find(services().database, g.brand_id, path.member_id)
    return jsonify(
        {
            "id": str(member.id),
            "member_number": member.member_number,
            "name": member.name,
            "phone": member.phone,
            "email": member.email,
            "language": member.language,
            "cards": [str(card_id) for card_id in cards],
        }
    )
