"""The names of all settings and what each of them is."""

# name -> (may also come from <NAME>_FILE, what it is)
NAMES: dict[str, tuple[bool, str]] = {
    "LEIMA_HOST": (False, "address to listen on; default 127.0.0.1"),
    "LEIMA_PORT": (False, "port to listen on; default 8000"),
    "LEIMA_PUBLIC_URL": (False, "where phones reach the service: https://host, no path"),
    "LEIMA_DATA_DIR": (False, "folder for what the service makes itself; default ./var"),
    "LEIMA_DATABASE_URL": (
        True,
        "sqlite:///… or postgresql+psycopg://…; default SQLite in the folder",
    ),
    "LEIMA_SECRET_KEY": (True, "32 or more random characters: signs sessions, seals PINs"),
    "LEIMA_APPLE_CERTIFICATE_FILE": (
        False,
        "your pass type certificate, PEM or DER; default what `leima certificate` installed",
    ),
    "LEIMA_APPLE_KEY_FILE": (False, "the private key of that certificate, PEM"),
    "LEIMA_APPLE_KEY_PASSWORD": (True, "the password of the key, when it has one"),
    "LEIMA_APPLE_WWDR_FILE": (False, "Apple's intermediate certificate; default G4, built in"),
    "LEIMA_APNS_URL": (False, "push service; default https://api.push.apple.com"),
    "LEIMA_APNS_CA_FILE": (False, "root certificates to trust for it; default the system's"),
    "LEIMA_PUSH_JOIN_SECONDS": (False, "changes within this time share one push; default 2"),
    "LEIMA_PUSH_RETRY_SECONDS": (False, "wait after Apple's 5xx answers; default 900"),
    "LEIMA_PASS_CACHE_MB": (False, "memory for signed passes, in each process; default 64"),
    "LEIMA_DEVICES_PER_PASS": (False, "phones that may hold one pass; default 20"),
    "LEIMA_PUSH_BULK_PER_SECOND": (
        False,
        "pushes a second, of a worker, that nobody waits for; default 500",
    ),
    "LEIMA_PUSH_TYPE": (False, "apns-push-type of pushes; default background"),
    "LEIMA_PUSH_PRIORITY": (False, "apns-priority of pushes, 1, 5 or 10; default 5"),
    "LEIMA_PUSH_EXPIRATION_DAYS": (
        False,
        "how long Apple tries to reach a phone that is off; default 1",
    ),
    "LEIMA_GOOGLE_ISSUER_ID": (
        False,
        "your issuer id, digits; without it there is no Google Wallet",
    ),
    "LEIMA_GOOGLE_SERVICE_ACCOUNT_FILE": (False, "the key file of your service account, JSON"),
    "LEIMA_GOOGLE_API_URL": (False, "where objects are kept; default Google's"),
    "LEIMA_GOOGLE_SAVE_URL": (False, "what save links begin with; default Google's"),
    "LEIMA_GOOGLE_KEYS_URL": (False, "the keys that callbacks are signed with; default Google's"),
    "LEIMA_GOOGLE_PER_SECOND": (False, "calls a second, of all workers together; default 10"),
    "LEIMA_GOOGLE_NOTIFY_PER_DAY": (
        False,
        "updates of a card that may make the phone speak, in 24 hours, 0 to 3; default 3",
    ),
    "LEIMA_TIMELINE_DAYS": (False, "how long the timelines of cards are kept, in days; default 30"),
    "LEIMA_SANDBOX_FILE": (
        False,
        "what the front page offers to try; `leima run --sandbox` sets it",
    ),
    "LEIMA_SANDBOX_PORT": (False, "port of the sandbox's phones page; default 8001"),
    "LEIMA_SANDBOX_APNS_PORT": (False, "port of the sandbox's APNs stand-in; default 8443"),
    "LEIMA_SANDBOX_GOOGLE_PORT": (False, "port of the sandbox's Google stand-in; default 8002"),
    "LEIMA_SANDBOX_CLOCK_FILE": (
        False,
        "for trials: a file with the seconds that the clock is off, read at every look",
    ),
    "LEIMA_TLS_CERT_FILE": (False, "certificate chain to serve https with, PEM"),
    "LEIMA_TLS_KEY_FILE": (False, "the private key of that certificate, PEM"),
    "LEIMA_TRUSTED_PROXIES": (False, "networks whose X-Forwarded-For is believed; default none"),
    "LEIMA_METRICS_TOKEN": (True, "bearer token that opens /metrics; 16 or more characters"),
    "LEIMA_RATE_LIMIT_FACTOR": (False, "how generous the rate limits are; default 1, 0 is off"),
    "LEIMA_LOG_LEVEL": (False, "debug, info, warning or error; default info"),
    "LEIMA_LOG_FORMAT": (False, "text or json; default text"),
}
