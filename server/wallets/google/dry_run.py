"""Asking Google whether it lets us in and takes what we would send, without making anything."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlmodel import select

from googlewallet.client import Kind
from googlewallet.errors import ApiError, Verdict
from server.models import Programme
from server.services import Services
from server.wallets.google.account import Account
from server.wallets.google.classes import Classes, ClassRefused

_WHAT_TO_DO = {
    Verdict.FORBIDDEN: "add {email} to the users of issuer {issuer} in the Google Pay & Wallet "
    "Console, and enable the Google Wallet API in project {project}",
    Verdict.UNAUTHORIZED: "make a new key for {email} in the Google Cloud console: this one is not "
    "taken, or this machine's clock is wrong",
    Verdict.UNREACHABLE: "see whether this machine gets through to {url}",
    Verdict.BUSY: "try again in a minute",
    Verdict.QUOTA: "try again in a minute",
}


class Tried(NamedTuple):
    """What was asked about, and what is wrong with it and what to do: empty when nothing is."""

    name: str
    says: str


def try_all(services: Services, account: Account) -> Iterator[Tried]:
    """Our issuer, then each programme: its classes by `jwt.validate`.

    One that we cannot get at says nothing of the rest, so it ends there.
    """
    client, issuer_id = account.client, account.issuer_id
    try:
        client.list(Kind.LOYALTY_CLASS, issuer_id=issuer_id, most=1)
    except ApiError as error:
        yield Tried(f"issuer {issuer_id}", _words(error, services, account))
        return
    yield Tried(f"issuer {issuer_id}", "")
    classes = Classes(services)
    with services.database.reading() as session:
        programmes = session.exec(select(Programme).order_by(Programme.slug)).all()
    for programme in programmes:
        says = ""
        try:
            payload: dict[str, list[Any]] = {}
            for known, body in classes.wanted(issuer_id, programme.id):
                payload.setdefault(f"{known.kind}Classes", []).append(body)
            client.validate_json(payload)
        except ClassRefused as refused:
            says = str(refused)
        except ApiError as error:
            says = _words(error, services, account)
        yield Tried(f"programme {programme.slug}", says)


def _words(error: ApiError, services: Services, account: Account) -> str:
    advice = _WHAT_TO_DO.get(error.verdict, "").format(
        email=account.service.email,
        issuer=account.issuer_id,
        project=account.service.project_id,
        url=services.settings.google_api_url or "walletobjects.googleapis.com",
    )
    return f"{error} What to do: {advice}." if advice else str(error)
