"""What is counted while the service runs, for Prometheus to collect.

Each process counts for itself. Labels have few values by construction: no id, no address and
nothing that a caller chooses freely becomes one.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_registry = CollectorRegistry()

REQUESTS = Histogram(
    "leima_request_seconds",
    "Requests answered, by group of endpoints and status.",
    ["group", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
    registry=_registry,
)
EVENTS = Counter(
    "leima_events",
    "Events by name and outcome: recorded, replayed, failed, or the code of the refusal.",
    ["name", "outcome"],
    registry=_registry,
)
PUSHES = Counter(
    "leima_pushes", "Answers of the push service, by verdict.", ["verdict"], registry=_registry
)
GOOGLE_CALLS = Counter(
    "leima_google_calls",
    "Calls to Google about cards, by call and verdict.",
    ["call", "verdict"],
    registry=_registry,
)
DEVICE_LOG = Counter(
    "leima_device_log_lines",
    "Lines that phones reported, by kind of complaint and pass type.",
    ["kind", "pass_type"],
    registry=_registry,
)
TRACE = Counter(
    "leima_trace_notes",
    "Notes for the timelines of cards, by what became of them: written, unknown or dropped.",
    ["outcome"],
    registry=_registry,
)
OWED = Gauge("leima_deliveries_owed", "Devices that are owed a push.", registry=_registry)
OLDEST = Gauge(
    "leima_delivery_oldest_seconds",
    "For how long the oldest push that is owed has been due.",
    registry=_registry,
)
GOOGLE_OWED = Gauge(
    "leima_google_owed", "Cards of which Google is owed a change.", registry=_registry
)
GOOGLE_OLDEST = Gauge(
    "leima_google_oldest_seconds",
    "For how long the oldest change that Google is owed has been due.",
    registry=_registry,
)
GOOGLE_GIVEN_UP = Gauge(
    "leima_google_given_up", "Cards whose change Google refused for good.", registry=_registry
)
GOOGLE_PAUSED = Gauge(
    "leima_google_paused",
    "1 while Google is told nothing, because it refuses us.",
    registry=_registry,
)
GOOGLE_RECONCILED = Gauge(
    "leima_google_reconciled_seconds",
    "How long ago all cards were last compared with what Google holds.",
    registry=_registry,
)
CERTIFICATE = Gauge(
    "leima_certificate_days_left",
    "Whole days until the pass certificate ends; negative once it has.",
    ["pass_type"],
    registry=_registry,
)


def text() -> bytes:
    """Everything counted so far, in Prometheus' text format."""
    return generate_latest(_registry)


def value(sample: str, /, **labels: str) -> float:
    """One sample by its full name, 0 when there is none yet."""
    return _registry.get_sample_value(sample, labels) or 0.0
