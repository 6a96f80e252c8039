"""The connection to MongoDB, with the write concern that "durable" means here: majority, journaled."""

from __future__ import annotations

from typing import Any

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError, ConnectionFailure, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from hub.errors import SetupError

_NO_URL = (
    "MAINSTEM_MONGO_URL is no address of a MongoDB. It looks like mongodb://user:password@host:27017/?replicaSet=rs0, "
    "with special characters of user and password as %XX."
)

Doc = dict[str, Any]
Database = AsyncDatabase[Doc]
Client = AsyncMongoClient[Doc]


def connect(url: str, *, pool: int = 40) -> Client:
    """A client; the connection itself is made at first use. Times are aware UTC.

    Raises:
        SetupError: the URL is none.
    """
    try:
        return AsyncMongoClient(
            url,
            tz_aware=True,
            maxPoolSize=pool,
            serverSelectionTimeoutMS=5000,
            connectTimeoutMS=5000,
            socketTimeoutMS=60000,
            retryWrites=True,
            w="majority",
            journal=True,
            appname="mainstem",
        )
    except (ConfigurationError, ValueError):  # whose text may have a part of the password
        raise SetupError(_NO_URL) from None


async def reach(client: Client) -> None:
    """Find the server at start, before anything relies on it.

    Raises:
        SetupError: it is not there, or does not let us in.
    """
    try:
        await client.admin.command("ping")
    except (ConnectionFailure, OperationFailure) as error:
        raise SetupError(f"MongoDB cannot be used: {_short(error)}. Start it, or mend MAINSTEM_MONGO_URL.") from error


def _short(error: PyMongoError) -> str:
    """Without the driver's time-outs and its view of the servers."""
    return str(error).split(" (configured timeouts", 1)[0].split(", full error:", 1)[0]


def database(client: Client, name: str) -> Database:
    """The product's database, reading what a majority has."""
    return client.get_database(
        name,
        codec_options=CodecOptions(tz_aware=True),
        read_concern=ReadConcern("majority"),
        write_concern=WriteConcern(w="majority", j=True),
    )
