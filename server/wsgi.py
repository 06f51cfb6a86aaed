"""What the web server's processes load: the app, alone or with the worker thread beside it."""

import json
from multiprocessing.util import Finalize
from typing import Any

from server import brands, clock, config, google_pictures, logs, migrations, strips, traces
from server.app import create_app
from server.db import Database
from server.door import Door
from server.leash import end_with_parent
from server.services import Services
from server.wallets.google.account import Accounts
from server.wallets.identity import Identities
from server.web.limits import MOST_BYTES
from server.worker import Worker

_THREADS = 8


def _sandbox(settings: config.Settings) -> dict[str, Any] | None:
    if settings.sandbox_file is None:
        return None
    found: dict[str, Any] = json.loads(settings.sandbox_file.read_text("utf-8"))
    return found["try_it"]  # type: ignore[no-any-return]


def prepare() -> tuple[Services, Identities]:
    """What a process needs to serve or to work, on a database of this version.

    Raises:
        SettingsError: a setting is wrong, or the database was not migrated.
    """
    settings = config.read()
    logs.configure(settings.log_level, settings.log_format)
    clock.deviate(settings.sandbox_clock_file)
    services = Services(Database(settings.database_url), settings)
    migrations.require_current(services.database.engine)
    starts, folder = brands.starts(services.database), settings.data_dir / strips.FOLDER
    strips.warm(starts, folder)
    if settings.google_issuer_id is not None:
        google_pictures.warm(starts, folder)
    return services, Identities(settings, services.now)


def build() -> Door:
    """The app with its worker running; ends with the process that started this one."""
    end_with_parent()
    services, identity = prepare()
    google = Accounts(services.settings, services.now)  # one, so that both have one access token
    worker = Worker(services, identity, google)
    worker.start()
    # It gives back what it has in hand. `atexit` would not do: a forked process skips it.
    Finalize(None, worker.stop, exitpriority=1)
    _write_traces(services)
    return _app(services, identity, google)


def build_web() -> Door:
    """The app alone: a worker runs elsewhere. Ends with the process that started this one."""
    end_with_parent()
    services, identity = prepare()
    _write_traces(services)
    return _app(services, identity, Accounts(services.settings, services.now))


def _write_traces(services: Services) -> None:
    writer = traces.Writer(services)
    writer.start()
    Finalize(None, writer.stop, exitpriority=0)  # after the worker, which notes to its end


def _app(services: Services, identity: Identities, google: Accounts) -> Door:
    sandbox = _sandbox(services.settings)
    app = create_app(services, identity=identity, google=google, sandbox=sandbox)
    return Door(app, threads=_THREADS, most_bytes=MOST_BYTES)
