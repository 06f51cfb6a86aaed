"""Who we are to Google: a service account, out of the JSON file of its key.

The account has to be a user of the issuer account (Google Pay & Wallet Console: Users).
"""

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from google.oauth2.service_account import Credentials

SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"


@dataclass(frozen=True, kw_only=True)
class ServiceAccount:
    """A service account and its RSA key, which is parsed once and shared by all that signs."""

    email: str
    key_id: str
    project_id: str
    token_uri: str
    key: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def load(cls, path: Path) -> "ServiceAccount":
        """The account of a service-account file (JSON).

        Raises CredentialsError, which says what is wrong with the file and what to do.
        """
        raise NotImplementedError

    def credentials(self) -> Credentials:
        """google-auth's credentials for the Wallet API; one object per account, so one token."""
        raise NotImplementedError


class ServiceAccountFile:
    """A service-account file whose key may be replaced while the program runs.

    Safe to share between threads.
    """

    def __init__(self, path: Path) -> None:
        """Loads the account; raises CredentialsError."""
        raise NotImplementedError

    def current(self) -> ServiceAccount:
        """The account of the file as it is now; the same object until the file changes.

        A new file that cannot be used is logged once, and the account in use stays.
        """
        raise NotImplementedError
