"""Templates over HTTP: the picker's fields, the check, and a text merged for one record. Templates themselves are
records of the type `message_template`."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.identity.caller import Caller
from hub.web.conversation_models import RecordKey
from hub.web.may import SIGNED_IN
from hub.web.routes import Routes
from hub.writing.letters import Texts
from hub.writing.templates import FaultOut, FieldOut, Templates

routes = Routes("templates")

RecordType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]


class FieldsQuery(BaseModel):
    """`type`: a record type whose fields are offered too."""

    model_config = ConfigDict(extra="forbid")

    type: RecordType | None = None


class TextsIn(BaseModel):
    """The texts of a message, with fields in them."""

    model_config = ConfigDict(extra="forbid")

    subject: Annotated[str, Field(max_length=1000)] = ""
    text: Annotated[str, Field(max_length=100_000)] = ""
    html: Annotated[str, Field(max_length=100_000)] = ""

    def texts(self) -> Texts:
        """As the writing part takes them."""
        return Texts(self.subject, self.text, self.html)


class CheckIn(TextsIn):
    """Texts to be checked; `type` as in the list of fields."""

    type: RecordType | None = None


class MergeIn(TextsIn):
    """Texts to be merged with a record (`TYPE:ID`)."""

    language: Literal["zh", "en"] = "zh"
    record: RecordKey | None = None


class FieldsOut(TypedDict):
    """All of them; there is no next page."""

    items: list[FieldOut]
    next: None


class FaultsOut(TypedDict):
    """What is wrong, in order of place; empty where all is well."""

    faults: list[FaultOut]


class MergedOut(TypedDict):
    """The texts with the fields in them; the HTML is clean."""

    subject: str
    text: str
    html: str | None


@routes.get("/api/templates/fields", may=SIGNED_IN)
async def list_template_fields(query: FieldsQuery, caller: Caller, templates: Templates) -> FieldsOut:
    """The fields that a template may use, as far as the caller may see them."""
    return {"items": templates.fields(caller, query.type), "next": None}


@routes.post("/api/templates/check", may=SIGNED_IN)
async def check_template(body: CheckIn, templates: Templates) -> FaultsOut:
    """What is wrong with some texts: each unknown field with its line and column."""
    return {"faults": await asyncio.to_thread(templates.faults, body.texts(), body.type)}


@routes.post("/api/templates/merge", may=SIGNED_IN)
async def merge_template(body: MergeIn, caller: Caller, templates: Templates) -> MergedOut:
    """The texts for one record, with the caller's eyes."""
    key, _, record = (body.record or "").partition(":")
    merged = await templates.merge(caller, body.texts(), body.language, (key, record) if record else None)
    return {"subject": merged.subject, "text": merged.text, "html": merged.html}
