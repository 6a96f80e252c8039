"""Errors to RFC 9457 problem documents. Pure; the HTTP edge and the sockets use the same."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from crm_core.ground.errors import FieldError, Invalid, MainstemError
from crm_core.ground.faults import field_errors

_BASE = "urn:mainstem:problem:"


def problem(error: MainstemError, correlation: str | None = None) -> dict[str, Any]:
    """The document of an error: `type title status detail`, `errors[]` for invalid input, the error's own facts."""
    out: dict[str, Any] = {"type": _BASE + error.code, "title": error.title, "status": error.status, "code": error.code}
    if error.detail:
        out["detail"] = error.detail
    if isinstance(error, Invalid):
        out["errors"] = [_field(each) for each in error.fields]
    out.update(error.data)
    if correlation:
        out["correlation"] = correlation
    return out


def _field(wrong: FieldError) -> dict[str, Any]:
    said = {"path": wrong.path, "code": wrong.code, "detail": wrong.detail}
    return said | {"args": dict(wrong.args)} if wrong.args else said


def from_validation(error: ValidationError, prefix: str = "") -> Invalid:
    """pydantic's findings as one `Invalid` that names each field."""
    fields = tuple(field_errors(error, prefix))
    return Invalid("; ".join(f"{f.path or 'body'}: {f.detail}" for f in fields[:3]), fields=fields)
