"""`python -m server.sandbox`: the stand-ins and the phones, until their parent process ends.

Prints one line of JSON once everything listens: `phones` (URL), `apns` (URL), `google` (URL) and
`root_certificate` (absolute path).
"""

import argparse
import json
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from googlewallet import throwaway
from googlewallet.errors import GoogleWalletError
from passkit.errors import PasskitError
from passkit.throwaway import Authority
from server import clock, config, logs
from server.config import TEMPLATES
from server.errors import SettingsError
from server.leash import on_parent_gone
from server.sandbox.android.phones import Androids
from server.sandbox.apns import HOST, ApnsStandIn
from server.sandbox.errors import SandboxError
from server.sandbox.google import pages as google_pages
from server.sandbox.google.stand_in import GoogleStandIn
from server.sandbox.pages import create_app
from server.sandbox.phones import Phones

_SERVICE = "http://127.0.0.1:8000"


class _Quiet(WSGIRequestHandler):
    """The phones' page asks several times a second: no line for each."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; 1 when it cannot start."""
    given = _parser().parse_args(arguments)
    given.service = given.service or [_SERVICE]
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    on_parent_gone(stopping.set)
    try:
        logs.configure(*config.log_choice())
        _run(given, stopping)
    except (OSError, GoogleWalletError, PasskitError, SandboxError, SettingsError) as error:
        print(f"The sandbox cannot start: {error}", file=sys.stderr)
        return 1
    return 0


def _run(given: argparse.Namespace, stopping: threading.Event) -> None:
    folder: Path = given.authority or given.state / "authority"
    authority = Authority.load_or_create(folder, at=clock.now())
    with ExitStack() as ending:
        phones = Phones(
            given.state / "phones", root_pem=authority.root_pem, service_urls=given.service
        )
        ending.callback(phones.stop)
        apns = google = androids = None
        if given.apns_port is not None:
            apns = _open_apns(authority, phones, given)
            ending.callback(apns.stop)
        with socket.create_server((given.host, given.port)) as listening:
            url = f"http://{HOST}:{listening.getsockname()[1]}/"
            if given.google_port is not None:
                news = threading.Event()
                google = _open_google(given, news, pages_url=url)
                ending.callback(google.stop)
                state = given.state / "androids"
                androids = Androids(google, state, service_urls=given.service, news=news)
                ending.callback(androids.stop)
            app = create_app(
                phones,
                apns,
                templates=TEMPLATES / "web",
                service_urls=given.service,
                androids=androids,
            )
            pages = make_server(
                given.host,
                given.port,
                app,
                threaded=True,
                request_handler=_Quiet,
                fd=listening.fileno(),
            )
        ready = _ready_line(url, apns, google, folder)
        _serve(pages, stopping, [phones, androids] if androids else [phones], ready=ready)


def _open_apns(authority: Authority, phones: Phones, given: argparse.Namespace) -> ApnsStandIn:
    apns = ApnsStandIn(
        authority,
        at=clock.now(),
        port=given.apns_port,
        on_push=phones.deliver,
        needs_certificate=not given.any_client,
    )
    for phone in phones:
        apns.tokens.add(phone.push_token)
    apns.start()
    return apns


def _open_google(
    given: argparse.Namespace, news: threading.Event, *, pages_url: str
) -> GoogleStandIn:
    """The stand-in, which sets `news` and has its save links lead to `pages_url`."""
    folder: Path = given.state / "google"
    own = folder / "account"
    file: Path = given.google_account or throwaway.load_or_create(own, token_uri=f"http://{HOST}")
    google = GoogleStandIn(
        folder=folder,
        account_file=file,
        issuer_id=given.google_issuer,
        port=given.google_port,
        on_change=news.set,
    )
    google_pages.lead_here(google.app, pages_url)
    google.start()
    if not given.google_account:  # clients read where to ask for tokens in the file
        throwaway.load_or_create(own, token_uri=google.token_uri)
    return google


def _serve(
    pages: BaseWSGIServer,
    stopping: threading.Event,
    crowds: Sequence[Phones | Androids],
    *,
    ready: str,
) -> None:
    thread = threading.Thread(target=pages.serve_forever, name="pages", daemon=True)
    thread.start()
    for phones in crowds:
        phones.start()
    print(ready, flush=True)
    stopping.wait()
    pages.shutdown()
    pages.server_close()


def _ready_line(
    phones_url: str, apns: ApnsStandIn | None, google: GoogleStandIn | None, folder: Path
) -> str:
    return json.dumps(
        {
            "phones": phones_url,
            "apns": apns.url if apns else None,
            "google": google.url if google else None,
            "root_certificate": str((folder / "root.pem").absolute()),
        }
    )


def _port(text: str) -> int | None:
    return None if text == "none" else int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m server.sandbox",
        description="Stand-ins for Apple's and Google's sides, and phones.",
    )
    parser.add_argument("--state", type=Path, required=True, help="folder for what phones keep")
    parser.add_argument(
        "--authority", type=Path, help="folder of the throw-away authority; default in --state"
    )
    parser.add_argument("--host", choices=[HOST], default=HOST, help="loopback only")
    parser.add_argument("--port", type=int, default=8001, help="of the phones' page; 0: any")
    parser.add_argument(
        "--apns-port",
        type=_port,
        default=8443,
        help="of the push service; 0: any, none: no push service here",
    )
    parser.add_argument(
        "--google-port",
        type=_port,
        help="of the Google stand-in; 0: any, none: none here, which is the default",
    )
    parser.add_argument(
        "--google-account",
        type=Path,
        metavar="FILE",
        help="the service account that it knows; default one made in --state",
    )
    parser.add_argument(
        "--google-issuer",
        default=throwaway.ISSUER_ID,
        metavar="ID",
        help=f"whose classes and objects it keeps; default {throwaway.ISSUER_ID}",
    )
    parser.add_argument(
        "--service",
        action="append",
        metavar="URL",
        help=f"whose passes the phones may add; may be repeated; default {_SERVICE}",
    )
    parser.add_argument(
        "--any-client",
        action="store_true",
        help="the push service lets in clients without a certificate, such as load generators",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
