"""What the web server's worker process loads: the app, and the worker thread beside it."""

import atexit
import json
from typing import Any

from flask import Flask

from server import brands, config, logs, strips
from server.app import create_app
from server.db import Database
from server.leash import end_with_parent
from server.services import Services
from server.wallets.identity import load
from server.worker import Worker


def _sandbox(settings: config.Settings) -> dict[str, Any] | None:
    if settings.sandbox_file is None:
        return None
    found: dict[str, Any] = json.loads(settings.sandbox_file.read_text("utf-8"))
    return found["try_it"]  # type: ignore[no-any-return]


def build() -> Flask:
    """The app with its worker running; ends with the process that started this one."""
    end_with_parent()
    settings = config.read()
    logs.configure(settings.log_level, settings.log_format)
    services = Services(Database(settings.database_url), settings)
    identity = load(settings, at=services.now())
    strips.warm(brands.starts(services.database), settings.data_dir / strips.FOLDER)
    worker = Worker(services, identity)
    worker.start()
    atexit.register(worker.stop)  # gives back what it has in hand
    return create_app(services, identity=identity, sandbox=_sandbox(settings))
