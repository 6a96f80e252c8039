"""The connection to MongoDB, with the write concern that "durable" means here: majority, journaled."""

from __future__ import annotations

from typing import Any

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

Doc = dict[str, Any]
Database = AsyncDatabase[Doc]
Client = AsyncMongoClient[Doc]


def connect(url: str, *, pool: int = 40) -> Client:
    """A client; the connection itself is made at first use. Times are aware UTC."""
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


def database(client: Client, name: str) -> Database:
    """The product's database, reading what a majority has."""
    return client.get_database(
        name,
        codec_options=CodecOptions(tz_aware=True),
        read_concern=ReadConcern("majority"),
        write_concern=WriteConcern(w="majority", j=True),
    )
