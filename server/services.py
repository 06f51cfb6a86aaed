"""What a use case needs: the database, the settings, the clock, and where to note things."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.clock import Clock, now
from server.config import Settings
from server.db import Database
from server.tracing import Tracer


@dataclass(frozen=True, slots=True)
class Services:
    """Handed to every use case as its first argument."""

    database: Database
    settings: Settings
    clock: Clock = now
    tracer: Tracer = field(default_factory=Tracer, compare=False)

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return self.clock()

    @property
    def push_join(self) -> timedelta:
        """Changes within this time share one push."""
        return timedelta(seconds=self.settings.push_join_seconds)
