"""How record values are kept: `Decimal` as Decimal128, everything else as MongoDB has it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bson.codec_options import CodecOptions, TypeCodec, TypeRegistry
from bson.decimal128 import Decimal128
from pymongo.asynchronous.collection import AsyncCollection
from typing_extensions import override

from crm_core.ground.ports import HISTORY
from hub.store.client import Database, Doc


class _DecimalCodec(TypeCodec):
    @property
    @override
    def python_type(self) -> type[Any]:
        return Decimal

    @property
    @override
    def bson_type(self) -> type[Any]:
        return Decimal128

    @override
    def transform_python(self, value: Decimal) -> Decimal128:
        return Decimal128(value)

    @override
    def transform_bson(self, value: Decimal128) -> Decimal:
        return value.to_decimal()


RECORD_CODEC: CodecOptions[Doc] = CodecOptions(tz_aware=True, type_registry=TypeRegistry([_DecimalCodec()]))


def collection_name(key: str) -> str:
    """The collection of a record type; `history` is the change log of all types."""
    return f"record_{key}"


def records_of(db: Database, key: str) -> AsyncCollection[Doc]:
    """The collection of a record type, with the record codec."""
    return db.get_collection(collection_name(key), codec_options=RECORD_CODEC)


__all__ = ["HISTORY", "RECORD_CODEC", "collection_name", "records_of"]
