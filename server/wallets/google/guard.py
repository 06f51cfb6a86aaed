"""Keeps an account that Google does not know out of what goes live."""

from googlewallet.credentials import ServiceAccount
from googlewallet.errors import CredentialsError
from googlewallet.throwaway import is_throwaway
from server.config import Settings
from server.errors import SettingsError


def refuse_throwaway(settings: Settings) -> None:
    """Refuse to go live with a service account that was made for trying out.

    Raises:
        SettingsError: it was, or its file cannot be used.
    """
    file = settings.google_service_account_file
    if file is None:
        return
    try:
        account = ServiceAccount.load(file)
    except CredentialsError as error:
        raise SettingsError(f"LEIMA_GOOGLE_SERVICE_ACCOUNT_FILE: {error}") from error
    if is_throwaway(account):
        raise SettingsError(
            "--production needs a service account of Google's in "
            "LEIMA_GOOGLE_SERVICE_ACCOUNT_FILE: the one in use was made for trying out. Without "
            "that setting and LEIMA_GOOGLE_ISSUER_ID there is no Google Wallet"
        )
