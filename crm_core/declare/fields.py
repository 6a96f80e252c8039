"""The kinds of values a field can have. Each says how it is checked, stored and shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal as _Decimal
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints
from pydantic_core import PydanticCustomError, to_json

from crm_core.ground.addresses import mail_key, phone_key

JSON_LIMIT_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Kind:
    """The name of a kind, as metadata and screens know it."""

    name: str
    filterable: bool = True


def _phone(text: str) -> str:
    key = phone_key(text)
    if key is None:
        raise PydanticCustomError("phone", "this is no phone number")
    return key.removeprefix("phone:")


def _mail(text: str) -> str:
    key = mail_key(text)
    if key is None:
        raise PydanticCustomError("email", "this is no mail address")
    return key.removeprefix("mail:")


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise PydanticCustomError("time_zone", "give the time with its offset, for example 2026-05-01T09:00:00Z")
    value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)  # the store keeps milliseconds


def _small(value: Any) -> Any:
    if len(to_json(value, fallback=str)) > JSON_LIMIT_BYTES:
        raise PydanticCustomError("too_large", "the value is over 16 kB")
    return value


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "this is no number")
    return value


_LINE = StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f]*$")

Text = Annotated[str, _LINE, Kind("text")]
"""One line, 1 to 500 characters."""
LongText = Annotated[str, StringConstraints(max_length=20_000), Kind("longtext", filterable=False)]
Int = Annotated[int, BeforeValidator(_no_bool), Field(ge=-(2**53), le=2**53), Kind("int")]
"""A whole number that JavaScript can hold."""
Decimal = Annotated[_Decimal, Field(max_digits=24, decimal_places=8), Kind("decimal")]
Date = Annotated[date, PlainSerializer(date.isoformat, return_type=str), Kind("date")]
"""A calendar day in the company's time zone; stored as its ISO 8601 text, which sorts rightly."""
DateTime = Annotated[datetime, AfterValidator(_utc), Kind("datetime")]
"""A moment; stored in UTC to the millisecond."""
Bool = Annotated[bool, Kind("bool")]
Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(_phone), Kind("phone")]
"""A phone number, stored in E.164."""
Email = Annotated[str, StringConstraints(max_length=320), AfterValidator(_mail), Kind("email")]
"""A mail address, stored in lower case."""
Json = Annotated[Any, AfterValidator(_small), Kind("json", filterable=False)]
"""Any JSON value up to 16 kB."""
FileRef = Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{26}$"), Kind("file", filterable=False)]
"""The id of an uploaded file."""


class Address(BaseModel):
    """A postal address, coarse to fine as it is written in China."""

    model_config = ConfigDict(extra="forbid")
    kind_name: ClassVar[str] = "address"

    country: Text | None = None
    province: Text | None = None
    city: Text | None = None
    district: Text | None = None
    street: Text | None = None
    postcode: Text | None = None


class GeoPoint(BaseModel):
    """A place on earth, WGS 84, in degrees."""

    model_config = ConfigDict(extra="forbid")
    kind_name: ClassVar[str] = "geo"

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]
