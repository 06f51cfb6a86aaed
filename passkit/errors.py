"""Everything passkit refuses, in one tree.

PasskitError
├── ContentError                 a value in a pass (has .path)
├── ImageError                   a file's name or its bytes
├── CertificateError
│   ├── UnreadableCertificate
│   ├── UnreadableKey
│   ├── KeyMismatch
│   ├── WrongIntermediate
│   ├── CertificateExpired
│   ├── CertificateNotYetValid
│   ├── IntermediateExpired
│   ├── PassTypeMismatch
│   └── TeamMismatch
├── PackageError                 a package cannot be put together
├── ReaderError                  a received package cannot be trusted (has .rule)
├── RequestError                 a device's request is malformed (has .code)
└── PushError                    Apple did not take a push (has .permanent)

The first line of a class's docstring is its message when none is given.
"""


class PasskitError(Exception):
    """Something about a pass is wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").partition("\n")[0])


class ContentError(PasskitError):
    """A value in the pass is one Wallet would refuse or silently drop.

    `path` is the place of the value as it is spelt in pass.json, for example
    `storeCard.secondaryFields[1].changeMessage`.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.reason = message

    def under(self, prefix: str) -> "ContentError":
        """The same error seen from the object that holds the value."""
        joint = "" if self.path.startswith("[") or not self.path else "."
        return ContentError(f"{prefix}{joint}{self.path}", self.reason)


class ImageError(PasskitError):
    """An image of the pass has a name or content that Wallet would not take."""


class CertificateError(PasskitError):
    """The certificates given cannot sign this pass."""


class UnreadableCertificate(CertificateError):
    """This is not a certificate: give an X.509 certificate as PEM or DER."""


class UnreadableKey(CertificateError):
    """This is not a private key: give an RSA or EC key as PEM, with its password if it has one."""


class KeyMismatch(CertificateError):
    """The private key belongs to another certificate: give the key the certificate was made for."""


class WrongIntermediate(CertificateError):
    """The intermediate certificate did not issue the pass certificate: give the one that did."""


class CertificateExpired(CertificateError):
    """The pass certificate has expired: make a new one in Apple's developer portal."""


class CertificateNotYetValid(CertificateError):
    """The pass certificate is not valid yet: check the clock of this machine."""


class IntermediateExpired(CertificateError):
    """The intermediate certificate is outside its dates: get the current one from Apple."""


class PassTypeMismatch(CertificateError):
    """The certificate was issued for another pass type identifier."""


class TeamMismatch(CertificateError):
    """The certificate was issued to another team."""


class PackageError(PasskitError):
    """The package cannot be put together."""


class ReaderError(PasskitError):
    """The package is damaged, unsafe or not signed by whom it claims.

    `rule` is the short name of what was broken, as docs/lint.md lists them; `path` is the file
    or the key it concerns, if one alone.
    """

    def __init__(self, message: str | None = None, *, rule: str, path: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.path = path


class RequestError(PasskitError):
    """The device's request is malformed.

    `code` is a short stable word for logs and answers, for example `push_token_missing`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class PushError(PasskitError):
    """Apple's push service did not take the notification.

    `permanent` tells whether the same push can never succeed.
    """

    def __init__(self, message: str | None = None, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent
