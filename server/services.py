"""What a use case needs: the database, the settings and the clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.clock import Clock, now
from server.config import Settings
from server.db import Database


@dataclass(frozen=True, slots=True)
class Services:
    """Handed to every use case as its first argument."""

    database: Database
    settings: Settings
    clock: Clock = now

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return self.clock()

    @property
    def push_join(self) -> timedelta:
        """Changes within this time share one push."""
        return timedelta(seconds=self.settings.push_join_seconds)
