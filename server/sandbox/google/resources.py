"""What the calls of the Wallet API do with classes and objects.

Every refusal is a CallRefused or BodyRefused; a refused call has changed nothing. The reasons of
refusals are those that Google's answers were seen to have.
"""

import base64
import binascii
from datetime import datetime
from typing import Any

from googlewallet.client import Kind
from server.clock import Clock
from server.sandbox.errors import BodyRefused, CallRefused
from server.sandbox.google.notices import Notices, differences
from server.sandbox.google.rules import require_message, require_rules
from server.sandbox.google.shapes import Shapes
from server.sandbox.google.store import CLASS_OF, Body, Store

_MOST_MESSAGES = 10


class Resources:
    """The classes and objects of one issuer. Safe to share between threads."""

    def __init__(
        self,
        store: Store,
        notices: Notices,
        *,
        issuer_id: str,
        now: Clock,
        shapes: Shapes,
    ) -> None:
        self._store = store
        self._notices = notices
        self._issuer_id = issuer_id
        self._now = now
        self._shapes = shapes

    def insert(self, kind: Kind, body: Body) -> Body:
        """Make it. 409 when the id is taken, 404 classNotFound for an object without its class."""
        with self._store.lock:
            self.require_new(kind, body)
            self._require_class(kind, body)
            self._keep("insert", kind, {}, body)
            return self.seen(kind, body["id"])

    def get(self, kind: Kind, id: str) -> Body:
        """It, and for an object the class that it belongs to."""
        body = self.seen(kind, id)
        if kind.is_class:
            return body
        return {**body, "classReference": self._store.find(CLASS_OF[kind], body["classId"])}

    def list(self, kind: Kind, owner: str, *, most: int | None, token: str) -> Body:
        """A page of an issuer's classes or of a class's objects; everything without `most`."""
        self._require_own(kind, owner if not kind.is_class else f"{owner}.")
        if not kind.is_class and self._store.find(_class_kind(kind), owner) is None:
            raise _class_missing(_class_kind(kind), owner)
        start = _page_start(token)
        ids = self._store.ids(kind, owner)
        end = len(ids) if most is None else min(start + most, len(ids))
        page = {"resultsPerPage": end - start}
        more = {"nextPageToken": _page_token(end)} if end < len(ids) else {}
        return {
            "resources": [self.seen(kind, id) for id in ids[start:end]],
            "pagination": {**page, **more},
        }

    def update(self, kind: Kind, id: str, body: Body) -> Body:
        """Replace it: what the body leaves out is gone."""
        whole = {"id": id, **body}
        self.require_whole(kind, whole)
        return self._change("update", kind, id, whole)

    def patch(self, kind: Kind, id: str, body: Body) -> Body:
        """Merge the body into it: arrays are replaced, null removes."""
        self._shapes.require_patch(kind, body)
        with self._store.lock:
            before = self._found(kind, id)
            merged = _merged(before, body)
            self.require_whole(kind, merged)
            return self._change("patch", kind, id, merged)

    def add_message(self, kind: Kind, id: str, request: Body) -> Body:
        """Add a message; 403 quotaExceeded for one notification too many."""
        self._shapes.require_request("AddMessageRequest", request)
        message = request.get("message", {})
        require_message(message)
        with self._store.lock:
            before = self._found(kind, id)
            messages = before.get("messages", [])
            if len(messages) >= _MOST_MESSAGES:
                raise BodyRefused("message", f"there are {_MOST_MESSAGES} messages already")
            why = "a message of type TEXT is silent"
            at = self._now()
            if message.get("messageType") == "TEXT_AND_NOTIFY":
                self._spend(kind, id, at)
                why = "" if self._holders(kind, id)[0] else "nobody has it"
            after = {**before, "messages": [*messages, message]}
            self._store.put(kind, after)
            self._note("addMessage", kind, before, after, why, at, text=_message_text(message))
            return {"resource": self.seen(kind, id)}

    def modify_linked_offers(self, id: str, request: Body) -> Body:
        """Show offers inside a loyalty object, or no longer."""
        self._shapes.require_request("ModifyLinkedOfferObjectsRequest", request)
        asked = request.get("linkedOfferObjectIds", {})
        added = asked.get("addLinkedOfferObjectIds", [])
        removed = asked.get("removeLinkedOfferObjectIds", [])
        with self._store.lock:
            before = self._found(Kind.LOYALTY_OBJECT, id)
            kept = [each for each in before.get("linkedOfferIds", []) if each not in removed]
            linked = list(dict.fromkeys([*kept, *added]))
            after = {**before, "linkedOfferIds": linked}
            self._require_links(Kind.LOYALTY_OBJECT, {**after, "linkedOfferIds": added + removed})
            self._keep("modifyLinkedOfferObjects", Kind.LOYALTY_OBJECT, before, after)
            return self.seen(Kind.LOYALTY_OBJECT, id)

    def seen(self, kind: Kind, id: str) -> Body:
        """It, with what the platform adds. Raises CallRefused 404."""
        with self._store.lock:
            body = self._expired(kind, self._found(kind, id))
            return body if kind.is_class else {**body, "hasUsers": bool(self._store.savers(id))}

    def _found(self, kind: Kind, id: str) -> Body:
        self._require_own(kind, id)
        body = self._store.find(kind, id)
        if body is None:
            raise CallRefused(
                404, "classNotFound" if kind.is_class else "resourceNotFound", f"no {kind} {id}"
            )
        return body

    def _require_own(self, kind: Kind, id: str) -> None:
        issuer, dot, _ = id.partition(".")
        if not dot or not issuer.isdigit():
            raise CallRefused(400, "invalidResource", f"Invalid resource ID: {id}")
        if issuer != self._issuer_id:
            raise CallRefused(403, "permissionDenied", f"No permission for the {kind} {id}.")

    def require_whole(self, kind: Kind, body: Body) -> None:
        """Raise BodyRefused unless the body may be a class or object."""
        self._shapes.require(kind, body)
        require_rules(body, is_class=kind.is_class, issuer_id=self._issuer_id)

    def require_new(self, kind: Kind, body: Body) -> None:
        """Raise BodyRefused or CallRefused unless there may be this class or object, but for the
        class of an object.
        """
        self.require_whole(kind, body)
        self._require_links(kind, body)
        if self._store.is_taken(kind, body["id"]):
            raise CallRefused(409, "existingResource", f"{kind} {body['id']} already exists.")

    def _spend(self, kind: Kind, id: str, at: datetime) -> None:
        """Take one notification off the budget; CallRefused when there is none left."""
        self._notices.spend(kind, id, at=at)
        self._store.keep_spoken(id, at)

    def _require_class(self, kind: Kind, body: Body) -> None:
        if kind.is_class:
            return
        class_kind = CLASS_OF[kind]
        its_class = self._store.find(class_kind, body["classId"])
        if its_class is None:
            raise _class_missing(class_kind, body["classId"])
        if its_class.get("reviewStatus") == "DRAFT":
            raise BodyRefused("classId", "the class is a draft: it can have no objects")

    def _require_links(self, kind: Kind, body: Body) -> None:
        for id in body.get("linkedOfferIds", []):
            if self._store.find(Kind.OFFER_OBJECT, id) is None:
                raise BodyRefused("linkedOfferIds", f"there is no offer object {id}")
        for id in body.get("linkedObjectIds", []) if not kind.is_class else ():
            linked = self._store.kind_of(id)
            if linked is None or id == body["id"]:
                raise BodyRefused("linkedObjectIds", f"there is no other object {id}")
            if (self._store.find(linked, id) or {}).get("linkedObjectIds"):
                raise BodyRefused("linkedObjectIds", f"{id} has linked objects of its own")

    def _change(self, call: str, kind: Kind, id: str, after: Body) -> Body:
        with self._store.lock:
            before = self._found(kind, id)
            if after["id"] != id:
                raise BodyRefused("id", "is not that of the address")
            if after.get("classId") != before.get("classId"):
                raise BodyRefused("classId", "an object stays in its class")
            if after.get("reviewStatus") == "DRAFT" and before["reviewStatus"] != "DRAFT":
                raise BodyRefused("reviewStatus", "a class that was approved is no draft again")
            self._require_links(kind, after)
            if old := before.get("linkedObjectIds"):  # Google never unlinks them
                after["linkedObjectIds"] = list(
                    dict.fromkeys([*old, *after.get("linkedObjectIds", [])])
                )
            self._keep(call, kind, before, after)
            return self.seen(kind, id)

    def _keep(self, call: str, kind: Kind, before: Body, body: Body) -> None:
        """Keep a body as the platform does; its wish for a notification is heard and forgotten."""
        at = self._now()
        after = {name: value for name, value in body.items() if name != "notifyPreference"}
        if after.get("reviewStatus") == "UNDER_REVIEW":
            after["reviewStatus"] = "APPROVED"
        why = "the request did not ask for a notification"
        if before and body.get("notifyPreference") == "NOTIFY_ON_UPDATE":
            why = self._notices.is_speaking(kind, before, after, self._holders(kind, body["id"])[0])
            if not why:
                self._spend(kind, body["id"], at)
        if after != before:
            self._store.put(kind, after)
            self._note(call, kind, before, after, why, at)

    def _note(
        self,
        call: str,
        kind: Kind,
        before: Body,
        after: Body,
        why_silent: str,
        at: datetime,
        *,
        text: str = "",
    ) -> None:
        accounts, objects = self._holders(kind, after["id"])
        fields, was, became = differences(before, after)
        self._notices.note(
            at=at,
            call=call,
            kind=kind,
            id=after["id"],
            fields=fields,
            before=was,
            after=became,
            account_ids=accounts,
            object_ids=objects,
            header=self._issuer_name(kind, after),
            text=text,
            why_silent=why_silent,
        )

    def _issuer_name(self, kind: Kind, body: Body) -> str:
        its_class = body if kind.is_class else self._store.find(CLASS_OF[kind], body["classId"])
        return str((its_class or {}).get("issuerName", ""))

    def _holders(self, kind: Kind, id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Who has the object, or any of the class; and which objects those are."""
        if not kind.is_class:
            accounts = self._store.savers(id)
            return accounts, (id,) if accounts else ()
        object_kind = next(each for each, its_class in CLASS_OF.items() if its_class is kind)
        ids = self._store.ids(object_kind, id)
        saved = [each for each in ids if self._store.savers(each)]
        accounts = tuple(dict.fromkeys(name for each in saved for name in self._store.savers(each)))
        return accounts, tuple(saved)

    def _expired(self, kind: Kind, body: Body) -> Body:
        """The platform ends an object whose time is over (the real one up to a day late)."""
        end = body.get("validTimeInterval", {}).get("end", {}).get("date")
        if kind.is_class or end is None or body.get("state", "ACTIVE") != "ACTIVE":
            return body
        until = datetime.fromisoformat(end)
        now = self._now()
        if (until if until.tzinfo else until.replace(tzinfo=now.tzinfo)) > now:
            return body
        ended = {**body, "state": "EXPIRED"}
        self._store.put(kind, ended)
        return ended


def _class_kind(kind: Kind) -> Kind:
    return CLASS_OF[kind]


def _class_missing(kind: Kind, id: str) -> CallRefused:
    return CallRefused(404, "classNotFound", f"no {kind} {id}")


def _merged(before: Body, patch: Body) -> Body:
    after = dict(before)
    for name, value in patch.items():
        if value is None:
            after.pop(name, None)
        elif isinstance(value, dict):
            old = after.get(name)
            after[name] = _merged(old if isinstance(old, dict) else {}, value)
        else:
            after[name] = value
    return after


def _message_text(message: Any) -> str:
    return str(message.get("header") or message.get("body") or "")


def _page_token(index: int) -> str:
    return base64.urlsafe_b64encode(b"page %d" % index).decode().rstrip("=")


def _page_start(token: str) -> int:
    if not token:
        return 0
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        return max(int(text.removeprefix("page ")), 0)
    except (ValueError, binascii.Error) as error:
        raise CallRefused(400, "invalidParameter", "token is none of ours") from error
