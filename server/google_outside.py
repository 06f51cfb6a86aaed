"""What Google says when it is asked: whether it lets us in, what it made of our programmes and save
links, and whether it can reach what it has to fetch and to call.

Nothing is changed there. The errors that people meet while they set an issuer up are told with what
to do about each; only the status and Google's reason decide which one it is, never its words.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

import requests
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from googlewallet.client import API_URL, Kind, WalletClient
from googlewallet.credentials import SCOPE, ServiceAccount
from googlewallet.errors import ApiError, CredentialsError, LinkTooLong, Verdict
from googlewallet.save_link import SaveLinks
from googlewallet.throwaway import is_throwaway
from server import outside
from server.checks import FAIL, OK, WARN, Check
from server.config import Settings
from server.db import Database
from server.models import GoogleClass, GoogleObject
from server.outside import Answer
from server.wallets.google.bodies import CALLBACK_PATH

_CONNECT_SECONDS, _READ_SECONDS = 3.0, 10.0
_MOST_PAGES = 10
_MOST_IMAGES = 6
_SKEW = timedelta(minutes=2)
_CONSOLE = "Google Pay & Wallet Console"
_CLOUD = "Google Cloud console"
_BOT = "Googlebot"

_NOT_ENABLED = {"accessNotConfigured", "SERVICE_DISABLED"}
_SCOPE_REASONS = {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "invalid_scope"}


class Known(NamedTuple):
    """What Google should have by our books: classes by id, and one of the cards."""

    class_ids: frozenset[str] = frozenset()
    object_id: str | None = None
    sent: dict[str, Any] | None = None


def known(database: Database, issuer_id: str) -> Known:
    """What Google took of the issuer's; nothing when the database does not tell."""
    classes = select(GoogleClass.id).where(
        GoogleClass.issuer_id == issuer_id, col(GoogleClass.sent_at).is_not(None)
    )
    newest = (
        select(GoogleObject)
        .where(GoogleObject.issuer_id == issuer_id, GoogleObject.sent_version > 0)
        .limit(1)
    )
    try:
        with database.reading() as session:
            class_ids = frozenset(session.exec(classes).all())
            card = session.exec(newest).first()
    except SQLAlchemyError:
        return Known()
    return Known(class_ids, card.object_id if card else None, card.sent if card else None)


def look(settings: Settings, known: Known, *, at: datetime) -> list[Check]:
    """Ask Google; nobody is asked without an account that can be used."""
    issuer_id, path = settings.google_issuer_id, settings.google_service_account_file
    if issuer_id is None or path is None:
        return []
    try:
        account = ServiceAccount.load(path)
    except CredentialsError:
        return []
    url = settings.google_api_url or API_URL
    if is_throwaway(account) and url == API_URL:
        return []  # it would be told to a stranger, who knows nothing of it
    client = WalletClient(
        account, url=url, connect_seconds=_CONNECT_SECONDS, read_seconds=_READ_SECONDS
    )
    try:
        classes = list(_classes(client, issuer_id))
    except ApiError as error:
        return [_refused(error, account, settings, url, at)]
    else:
        says = f"Google lets {account.email} act for issuer {issuer_id}; classes: {len(classes)}"
        return [
            Check("google access", OK, says),
            _reviewed(classes, known.class_ids),
            *_link(client, account, known, at),
            *_fetchable(settings, classes, known),
            *_called_back(settings),
        ]
    finally:
        client.close()


class _Rule(NamedTuple):
    """An error that people meet: how it is known, what it means, and what to do.

    `{…}` in the words are the account's e-mail and project, the issuer, Google's addresses and the
    time.
    """

    is_it: Callable[[ApiError], bool]
    says: str
    do: str


def _is_unreachable(error: ApiError) -> bool:
    return error.verdict is Verdict.UNREACHABLE


def _is_busy(error: ApiError) -> bool:
    return error.verdict in (Verdict.BUSY, Verdict.QUOTA)


# The first that fits.
_RULES = (
    _Rule(
        _is_unreachable,
        "Google does not answer",
        "can this host reach {hosts}, port 443? What lies between must leave TLS alone",
    ),
    _Rule(
        _is_busy,
        "Google asks to wait",
        "try again in a minute; if it stays so see Google's status page",
    ),
    _Rule(
        lambda error: error.reason in _SCOPE_REASONS,
        "the token of {email} is for something else",
        f"it must be for {SCOPE}: make a new JSON key of the service account ({_CLOUD}, IAM & "
        "Admin, Service Accounts, Keys) and let nothing restrict it",
    ),
    _Rule(
        lambda error: error.reason == "invalid_grant",
        "Google gives {email} no token",
        "either this host's clock is off (it says {time} UTC): set it (NTP); or the key was "
        f"deleted, disabled or is another account's: {_CLOUD}, IAM & Admin, Service Accounts, "
        "Keys, make a new JSON key and put it in place, no restart is needed",
    ),
    _Rule(
        lambda error: error.reason in _NOT_ENABLED,
        "the Google Wallet API is not enabled in project {project}",
        f"{_CLOUD}, APIs & Services, Library: enable Google Wallet API in project {{project}}, "
        "then wait a few minutes",
    ),
    _Rule(
        lambda error: error.verdict is Verdict.UNAUTHORIZED,
        "Google does not accept {email}",
        f"is the service account or its project disabled ({_CLOUD})? Then make a new JSON key; an "
        "account that is minutes old needs a few more",
    ),
    _Rule(
        lambda error: error.verdict is Verdict.FORBIDDEN,
        "{email} may not act for issuer {issuer}",
        f"{_CONSOLE}, Users: invite {{email}} as Developer. Is {{issuer}} the Issuer ID shown "
        "there, and is the Google Wallet API enabled in project {project}?",
    ),
    _Rule(
        lambda _: True,
        "Google does not understand the question",
        "is LEIMA_GOOGLE_ISSUER_ID the number that the console shows ({issuer})? If so this is a "
        "fault of Leima's",
    ),
)


def _refused(
    error: ApiError, account: ServiceAccount, settings: Settings, url: str, at: datetime
) -> Check:
    rule = next(rule for rule in _RULES if rule.is_it(error))
    words = {
        "email": account.email,
        "project": account.project_id,
        "issuer": settings.google_issuer_id,
        "hosts": " and ".join(sorted({urlsplit(each).netloc for each in (url, account.token_uri)})),
        "time": f"{at:%Y-%m-%d %H:%M:%S}",
    }
    level = WARN if _is_busy(error) else FAIL
    says, do = rule.says.format(**words), rule.do.format(**words)
    if error.reason == "invalid_grant" and (skew := _skew(account.token_uri, at)):
        does = f"this host's clock is {skew} off Google's: set it (NTP)"
        return Check("google access", level, f"{says} ({error})", does)
    return Check("google access", level, f"{says} ({error})", do)


def _skew(url: str, at: datetime) -> str:
    """By how much our clock is off that of whoever answers there; empty when it is not, or when
    nobody says."""
    try:
        answer = outside.ask(urljoin(url, "/"))
        skew = parsedate_to_datetime(answer.headers["date"]) - at
    except (requests.RequestException, KeyError, ValueError, TypeError):
        return ""
    return f"{abs(int(skew.total_seconds()))} s" if abs(skew) > _SKEW else ""


def _classes(client: WalletClient, issuer_id: str) -> Iterator[dict[str, Any]]:
    for kind in (Kind.LOYALTY_CLASS, Kind.OFFER_CLASS):
        token = None
        for _ in range(_MOST_PAGES):
            page = client.list(kind, issuer_id=issuer_id, page_token=token)
            yield from page.resources
            token = page.next_page_token
            if token is None:
                break


def _reviewed(classes: Sequence[dict[str, Any]], ours: frozenset[str]) -> Check:
    """Our programmes as Google has them: cards can be made of approved ones alone."""
    status = {each.get("id"): str(each.get("reviewStatus", "")).lower() for each in classes}
    lost = sorted(ours - set(status))
    if lost:
        says = f"programmes that Google does not have: {', '.join(lost)}"
        do = "is it another issuer's account, or a restored backup? leima google reconcile"
        return Check("google classes", FAIL, says, do)
    waiting = {id: status[id] for id in sorted(ours) if status[id] != "approved"}
    if not waiting:
        says = f"approved: {len(ours)}" if ours else "none of ours yet: the first card makes it"
        return Check("google classes", OK, says)
    says = ", ".join(f"{id} is {review}" for id, review in waiting.items())
    if set(waiting.values()) <= {"under_review", "underreview"}:
        do = "Google has yet to approve it; its cards work for test accounts meanwhile"
        return Check("google classes", WARN, says, do)
    do = (
        f"{_CONSOLE}, Google Wallet API, the class: publish a draft; of a rejected one the reason "
        "is there. A draft made by hand: change the programme, which sends it for review"
    )
    return Check("google classes", FAIL, says, do)


def _link(client: WalletClient, account: ServiceAccount, known: Known, at: datetime) -> list[Check]:
    """A save link of ours, as Google would find it; it makes nothing."""
    if known.object_id is None:
        return []
    try:
        link = SaveLinks(account).link(loyalty=[known.object_id], at=at)
        client.validate_jwt(link.rpartition("/")[2])
    except LinkTooLong as error:
        do = "shorten the ids' issuer or the key: 2048 bits are enough"
        return [Check("google link", FAIL, str(error), do)]
    except ApiError as error:
        if error.verdict is not Verdict.REFUSED:
            return []  # it says nothing about the link
        says = f"Google refuses our save links ({error})"
        do = "the card page's button leads nowhere: mend what Google names"
        return [Check("google link", FAIL, says, do)]
    return [Check("google link", OK, "a save link is good")]


def _images(classes: Sequence[dict[str, Any]], known: Known) -> list[str]:
    """Where Google fetches pictures of ours from, each address once."""
    ours = [each for each in classes if each.get("id") in known.class_ids]
    found = [
        body[name]["sourceUri"]["uri"]
        for body in (*ours, known.sent or {})
        for name in ("programLogo", "wideProgramLogo", "titleImage", "logo", "heroImage")
        if body.get(name, {}).get("sourceUri", {}).get("uri")
    ]
    return list(dict.fromkeys(found))


def _fetchable(settings: Settings, classes: Sequence[dict[str, Any]], known: Known) -> list[Check]:
    """Google fetches pictures itself; a card whose logo it cannot fetch is refused, or has none."""
    addresses = _images(classes, known)
    if not addresses or _is_played(settings):
        return []
    faults = [text for url in addresses[:_MOST_IMAGES] if (text := _image_fault(url))]
    if faults:
        do = (
            "Google fetches /designs/ from the outside: let it through without sign-in, bot "
            "protection or redirect, over https at LEIMA_PUBLIC_URL"
        )
        return [Check("google images", FAIL, "; ".join(faults), do)]
    return [Check("google images", OK, f"can be fetched from here: {len(addresses)}")]


def _image_fault(url: str) -> str:
    if urlsplit(url).scheme != "https":
        return f"{url} is not https"
    try:
        answer = outside.ask(url, agent=_BOT)
    except requests.RequestException as error:
        return f"{url}: {outside.cause(error)}"
    kind = answer.headers.get("content-type", "nothing")
    if answer.status != 200:
        return f"{url} is answered {answer.status}"
    return "" if kind.startswith("image/") else f"{url} is no image ({kind})"


def _called_back(settings: Settings) -> list[Check]:
    """Google calls when a card is saved or removed: over https, and only where robots may go."""
    if _is_played(settings):
        return []
    url = settings.public_url + CALLBACK_PATH
    if not url.startswith("https:"):
        do = "set LEIMA_PUBLIC_URL to an https address; until then the nightly look finds out"
        says = f"Google calls {url} for nobody: it wants https"
        return [Check("google callback", WARN, says, do)]
    try:
        robots = outside.ask(urljoin(url, "/robots.txt"), agent=_BOT)
        answer = outside.ask(url, agent=_BOT, body="{}")
    except requests.RequestException as error:
        says = f"{url} cannot be reached from here: {outside.cause(error)}"
        return [Check("google callback", FAIL, says, "check DNS, the proxy and the firewall")]
    if robots.status == 200 and not _may_come(robots, url):
        says = f"robots.txt at {urlsplit(url).netloc} turns {_BOT} away: Google calls nobody there"
        do = f"allow {CALLBACK_PATH} for {_BOT} in robots.txt, or serve none"
        return [Check("google callback", FAIL, says, do)]
    if not _is_ours(answer):
        says = f"{url} is answered {answer.status}, and not by Leima"
        do = (
            "something in front turns Google away (bot protection, a redirect, a sign-in): let "
            f"POST {CALLBACK_PATH} through unchanged"
        )
        return [Check("google callback", FAIL, says, do)]
    return [Check("google callback", OK, f"{url} answers, and robots may come")]


def _may_come(robots: Answer, url: str) -> bool:
    parser = RobotFileParser()
    parser.parse(robots.body.splitlines())
    return parser.can_fetch(_BOT, url)


def _is_ours(answer: Answer) -> bool:
    """What is no callback is refused in our own way."""
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return 400 <= answer.status < 500 and answer.status != 404 and is_problem


def _is_played(settings: Settings) -> bool:
    """Whether all of it is on this machine: the stand-in fetches and calls here."""
    return settings.is_loopback and settings.google_api_url not in (None, API_URL)
