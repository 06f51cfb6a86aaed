"""The token endpoint lets in the service account, as google-auth asks for it, and nobody else."""

import json
import time
from pathlib import Path

import jwt
import pytest
import requests
from google.auth import exceptions
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2.service_account import Credentials

from googlewallet.credentials import SCOPE, ServiceAccount
from googlewallet.throwaway import load_or_create
from server.sandbox.google.faults import AnswerFault
from server.sandbox.google.stand_in import Faults, GoogleStandIn
from tests.sandbox.google.conftest import CLASS, OBJECT, Caller, loyalty_class

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def assertion(account: ServiceAccount, *, kid: str | None = None, **changes: object) -> str:
    now = int(time.time())
    claims = {
        "iss": account.email,
        "scope": SCOPE,
        "aud": "https://oauth2.googleapis.com/token",
        "iat": now,
        "exp": now + 3600,
    }
    header = {"kid": kid or account.key_id}
    return jwt.encode({**claims, **changes}, account.key, algorithm="RS256", headers=header)


def ask(google: GoogleStandIn, text: str, grant: str = GRANT) -> requests.Response:
    form = {"grant_type": grant, "assertion": text}
    return requests.post(google.token_uri, data=form, timeout=20)


def test_one_token_serves_many_calls(caller: Caller):
    caller.make_card()
    for _ in range(5):
        caller.call("GET", f"loyaltyClass/{CLASS}")
    assert [call.path for call in caller.google.requests].count("/token") == 1


def test_a_token_that_was_taken_back_is_asked_for_anew(caller: Caller):
    caller.make_card()
    caller.google.door.revoke()
    assert caller.call("GET", f"loyaltyClass/{CLASS}").status_code == 200
    assert caller.google.answers["401 authError"] == 1


def test_without_a_token_nothing_is_told(google: GoogleStandIn):
    answer = requests.get(f"{google.api_url}/loyaltyClass/{CLASS}", timeout=20)
    assert answer.status_code == 401
    assert answer.json()["error"]["errors"][0]["reason"] == "authError"


def test_a_token_is_a_bearers(card: Caller):
    token = card.account.credentials().token
    for header, status in ((f"Bearer {token}", 200), (token, 401), (f"Basic {token}", 401)):
        asked = requests.get(
            f"{card.google.api_url}/loyaltyObject/{OBJECT}",
            headers={"Authorization": header},
            timeout=20,
        )
        assert asked.status_code == status


def test_a_self_signed_bearer_is_no_token(caller: Caller, account_file: Path):
    own = Credentials.from_service_account_file(
        str(account_file), scopes=[SCOPE], always_use_jwt_access=True
    )
    with AuthorizedSession(own) as http:
        answer = http.get(f"{caller.google.api_url}/loyaltyClass/{CLASS}", timeout=20)
    assert answer.status_code == 401


def test_another_scope_gets_a_token_that_opens_nothing(google: GoogleStandIn, account_file: Path):
    other = Credentials.from_service_account_file(str(account_file), scopes=["email"])
    with AuthorizedSession(other) as http:
        answer = http.get(f"{google.api_url}/loyaltyClass/{CLASS}", timeout=20)
    assert answer.status_code == 403
    assert answer.json()["error"]["errors"][0]["reason"] == "insufficientPermissions"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "http://127.0.0.1/token"},
        {"iss": "somebody@example.com"},
        {"iat": int(time.time()) - 7200, "exp": int(time.time()) - 3600},
        {"exp": int(time.time()) + 7200},
        {"iat": "now"},
        {"kid": "another"},
    ],
)
def test_an_assertion_that_is_not_good_is_refused(caller: Caller, changes: dict):
    answer = ask(caller.google, assertion(caller.account, **changes))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_another_key_is_refused(caller: Caller, tmp_path: Path):
    path = load_or_create(tmp_path / "stranger", token_uri=caller.google.token_uri)
    stranger = ServiceAccount.load(path)
    answer = ask(caller.google, assertion(stranger, kid=caller.account.key_id))
    assert answer.json()["error"] == "invalid_grant"


def test_another_grant_is_refused(caller: Caller):
    answer = ask(caller.google, assertion(caller.account), grant="password")
    assert answer.json()["error"] == "unsupported_grant_type"


def test_a_new_key_in_the_file_is_known_and_the_old_one_still_good(
    caller: Caller, account_file: Path, tmp_path: Path
):
    old = caller.account
    fresh = json.loads(load_or_create(tmp_path / "new", token_uri="http://127.0.0.1").read_bytes())
    account_file.write_text(json.dumps({**fresh, "token_uri": caller.google.token_uri}))
    new = ServiceAccount.load(account_file)
    assert new.key_id != old.key_id
    for account in (old, new):
        assert ask(caller.google, assertion(account)).status_code == 200


def test_when_tokens_are_not_to_be_had_google_auth_says_whether_to_try_again(caller: Caller):
    fault = AnswerFault(status=400, reason="invalid_grant", path="/token")
    caller.google.faults = Faults(answers=[fault])
    with pytest.raises(exceptions.RefreshError) as caught:
        caller.account.credentials().refresh(Request())
    assert not caught.value.retryable
    assert caller.insert("loyaltyClass", loyalty_class())["id"] == CLASS
