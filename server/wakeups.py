"""Hearing at once what another process owes to the outside.

PostgreSQL announces it; on SQLite nothing does, and the worker's sweep finds it.
"""

import logging
import threading
import time

import psycopg

from server.db import DUE_CHANNEL, Database

_LISTEN_SECONDS = 0.25  # how long stopping may take
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 30.0

_log = logging.getLogger(__name__)


class Wakeups:
    """A thread that sets `database.due` whenever any process committed something that is owed.

    What is announced while the connection is down is lost, which is why the worker sweeps too.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wakeups", daemon=True)

    def start(self) -> None:
        """Listen, where there is something to listen to."""
        if self._database.is_postgresql:
            self._thread.start()

    def stop(self) -> None:
        """Hang up."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                self._listen()
            except psycopg.Error as error:
                if time.monotonic() - started > _LONGEST_PAUSE_SECONDS:
                    pause = _FIRST_PAUSE_SECONDS
                _log.warning("wakeups.lost error=%s seconds=%.1f", type(error).__name__, pause)
                self._stopping.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _listen(self) -> None:
        arguments = self._database.connect_arguments
        with psycopg.connect(**arguments, autocommit=True) as connection:
            connection.execute(f"LISTEN {DUE_CHANNEL}")
            self._database.due.set()  # for what was owed before this
            while not self._stopping.is_set():
                for _ in connection.notifies(timeout=_LISTEN_SECONDS, stop_after=1):
                    self._database.due.set()
