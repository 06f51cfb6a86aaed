"""Everything googlewallet refuses, in one tree.

GoogleWalletError
├── ContentError          a value in a class, an object or a link (has .path and .rule)
├── CredentialsError      a service-account file cannot be used
├── LinkTooLong           a save link that phones may cut (has .length and .limit)
├── CallbackRefused       a callback that is not proven to be Google's, for us, now (has .code)
├── CodeRefused           a rotating barcode that is not, no longer or not again good (has .code)
└── ApiError              Google did not do what it was asked (has .verdict)

The first line of a class's docstring is its message when none is given.
"""

from enum import StrEnum


class GoogleWalletError(Exception):
    """Something about Google Wallet is wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").partition("\n")[0])


class ContentError(GoogleWalletError):
    """A value is one that Google would refuse or silently drop.

    `path` is the place of the value as Google spells it, for example
    `loyaltyPoints.balance.int`; `rule` says what is wrong and what to do.
    """

    def __init__(self, path: str, rule: str) -> None:
        super().__init__(f"{path}: {rule}" if path else rule)
        self.path = path
        self.rule = rule


class CredentialsError(GoogleWalletError):
    """The service-account file cannot be used: make a new JSON key in the Google Cloud console."""


class LinkTooLong(GoogleWalletError):
    """The save link is longer than is safe: insert the objects first and name only their ids.

    `length` and `limit` are in characters, of the JWT alone (Google Wallet, Web: "the safe length
    of an encoded JWT").
    """

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(
            f"The JWT of the save link has {length} characters, safe are {limit}: insert the "
            "objects first and name only their ids, or fewer objects."
        )
        self.length = length
        self.limit = limit


class CallbackRefused(GoogleWalletError):
    """The callback is not proven to be Google's, for us and of now.

    `code` is a short stable word, as `CallbackVerifier.verify` lists them. `is_temporary` tells
    that the same callback may be proven later: then the sender should try again.
    """

    def __init__(self, code: str, message: str, *, is_temporary: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.is_temporary = is_temporary


class CodeRefused(GoogleWalletError):
    """The rotating barcode is not ours, too old, too early or used already.

    `code` is `foreign`, `wrong` (also: of another moment) or `used`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Verdict(StrEnum):
    """What an answer of the API means for whoever asked."""

    OBJECT_MISSING = "object_missing"  # insert it, then all is well
    CLASS_MISSING = "class_missing"  # insert the class first
    EXISTS = "exists"  # an insert of what is there: patch it instead
    REFUSED = "refused"  # the request itself is wrong: the same one never succeeds
    UNAUTHORIZED = "unauthorized"  # the account is not let in, even with a new token
    QUOTA = "quota"  # too many notifications: send the change without one
    FORBIDDEN = "forbidden"  # the account may not act for this issuer: stop, and tell somebody
    BUSY = "busy"  # wait, and slow down
    UNREACHABLE = "unreachable"  # no answer, or not Google's: it may have happened


class ApiError(GoogleWalletError):
    """Google did not do what it was asked.

    `status` is the HTTP status, None without an answer. `reason` is Google's word for it
    (`errors[].reason`), or one of ours when Google did not answer; may be empty. `detail` is a
    sentence for the log: no secret is in it, and nothing is to be decided on it.
    `retry_after_seconds` is what Google asked for, None when it asked for nothing.
    """

    def __init__(
        self,
        *,
        status: int | None,
        reason: str,
        detail: str,
        verdict: Verdict,
        retry_after_seconds: float | None = None,
    ) -> None:
        said = " ".join(str(part) for part in (status, reason) if part)
        super().__init__(f"{said}: {detail}" if said else detail)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.verdict = verdict
        self.retry_after_seconds = retry_after_seconds
