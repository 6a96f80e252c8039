"""Every metric's name in one table (Prometheus text at `/metrics`)."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_QUICK = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

TASK_FAILURES = Counter("mainstem_task_failures", "Supervised tasks that failed and were restarted", ["task"])
MESSAGES = Counter("mainstem_messages", "Messages stored", ["channel", "direction"])
REPEATS = Counter("mainstem_repeats", "Envelopes that were stored already", ["channel"])
QUARANTINED = Counter("mainstem_quarantined", "Envelopes that could not be stored", ["channel"])
COMMIT_SECONDS = Histogram("mainstem_commit_seconds", "One batch of the commit loop", buckets=_QUICK)
COMMIT_BATCH = Histogram("mainstem_commit_batch", "Messages in one batch", buckets=(1, 2, 5, 10, 20, 50, 100, 200))
COMMIT_WAITING = Gauge("mainstem_commit_waiting", "Envelopes waiting for the commit loop")
FEED_POSITION = Gauge("mainstem_feed_position", "The last seq given to consoles")
FEED_DELAY = Histogram("mainstem_feed_delay_seconds", "From commit to the consoles' sockets", buckets=_QUICK)
CONSOLES = Gauge("mainstem_consoles", "Consoles connected to this hub")
CONSOLES_STALE = Counter("mainstem_consoles_stale", "Consoles told to reload", ["why"])
OUTBOX = Counter("mainstem_outbox", "Tries to send", ["channel", "outcome"])
OUTBOX_WAITING = Gauge("mainstem_outbox_waiting", "Outbound messages not yet sent")
HTTP_SECONDS = Histogram("mainstem_http_seconds", "HTTP requests", ["route", "method", "status"], buckets=_QUICK)
ACCOUNT_STATE = Gauge("mainstem_account_connected", "1 while the account is connected", ["account"])
LEASES_HELD = Gauge("mainstem_leases_held", "Accounts that this hub owns")
