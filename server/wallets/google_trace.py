"""What Google was told and what it tells us, as notes for the timelines of cards."""

from googlewallet.callbacks import Callback
from server.services import Services


def note_callback(services: Services, callback: Callback) -> None:
    """Somebody saved a card into a wallet or removed it; note it once for each callback that
    `google_objects.note_callback` took."""
    raise NotImplementedError
