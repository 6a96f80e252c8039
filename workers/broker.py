"""Where Celery's messages wait: the configured broker, else a database of their own in the product's MongoDB."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from hub.errors import SetupError
from hub.settings import Settings

_PATIENCE_MS = "5000"


def broker_url(settings: Settings) -> str:
    """The address for Celery.

    Raises:
        SetupError: neither a broker nor a MongoDB is configured.
    """
    if settings.broker_url is not None:
        return settings.broker_url.get_secret_value()
    if settings.mongo_url is None:
        raise SetupError("no broker: set MAINSTEM_BROKER_URL or MAINSTEM_MONGO_URL, or use `mainstem up`")
    return mongo_broker(settings.mongo_url.get_secret_value(), settings.database)


def mongo_broker(mongo_url: str, database: str) -> str:
    """The same servers, another database. Whoever signs in goes on doing so where the first address said."""
    parts = urlsplit(mongo_url)
    options = dict(parse_qsl(parts.query))
    if "@" in parts.netloc and "authSource" not in options:
        options["authSource"] = parts.path.strip("/") or "admin"
    options.setdefault("serverSelectionTimeoutMS", _PATIENCE_MS)
    return urlunsplit(parts._replace(path=f"/{database}_broker", query=urlencode(options)))
