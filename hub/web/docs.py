"""The API's own description: as OpenAPI, and as one plain page without any script."""

from __future__ import annotations

from html import escape
from typing import Any

from aiohttp import web

from hub.web.described import described
from hub.web.may import PUBLIC
from hub.web.openapi import Documentation
from hub.web.routes import Routes

routes = Routes("documentation")

_METHODS = ("get", "post", "put", "patch", "delete")


@routes.get("/api/openapi.json", may=PUBLIC)
async def show_openapi(documentation: Documentation) -> dict[str, Any]:
    """This document."""
    return documentation.document


@routes.get("/api/docs", may=PUBLIC)
@described(answer={"text/html": {"schema": {"type": "string"}}})
async def show_docs(documentation: Documentation) -> web.Response:
    """The same as a page to read."""
    return web.Response(text=page(documentation.document), content_type="text/html")


def page(document: dict[str, Any]) -> str:
    """All operations, by tag, as HTML. Pure."""
    by_tag: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                one = operations[method]
                by_tag.setdefault(one["tags"][0], []).append(_operation(method, path, one))
    for name, hook in document["webhooks"].items():
        by_tag.setdefault("events", []).append(_operation("event", name, hook["post"]))
    body = "".join(f"<h2 id={_quoted(tag)}>{escape(tag)}</h2>{''.join(ops)}" for tag, ops in sorted(by_tag.items()))
    links = " · ".join(f"<a href={_quoted('#' + tag)}>{escape(tag)}</a>" for tag in sorted(by_tag))
    info = document["info"]
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(info['title'])} API</title></head><body><h1>{escape(info['title'])} API</h1>"
        f"<p>{escape(info['description'])}</p><p><a href='/api/openapi.json'>OpenAPI document</a></p>"
        f"<nav>{links}</nav><main>{body}</main></body></html>"
    )


def _operation(method: str, path: str, one: dict[str, Any]) -> str:
    rows = "".join(_parameter(p) for p in one.get("parameters", ()))
    table = f"<table><tbody>{rows}</tbody></table>" if rows else ""
    body = _content("Body", one.get("requestBody", {}))
    answers = "".join(
        _content(f"Answer {status}", answer) for status, answer in one["responses"].items() if status[0] == "2"
    )
    text = escape(one.get("description", "")).replace("\n", "<br>")
    return (
        f"<section><h3><code>{method.upper()} {escape(path)}</code></h3>"
        f"<p>{escape(one['summary'])}</p><details><summary>More</summary><p>{text}</p>{table}{body}{answers}"
        "</details></section>"
    )


def _parameter(p: dict[str, Any]) -> str:
    needed = "needed" if p["required"] else "optional"
    about = p.get("description") or p["schema"].get("description", "")
    cells = (f"<code>{escape(p['name'])}</code>", p["in"], needed, escape(_shape(p["schema"])), escape(about))
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _content(title: str, holder: dict[str, Any]) -> str:
    return "".join(
        f"<p>{escape(title)}: <code>{escape(kind)}</code> {escape(_shape(of['schema']))}</p>"
        for kind, of in holder.get("content", {}).items()
    )


def _shape(schema: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    if "anyOf" in schema:
        return " or ".join(_shape(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_shape(schema.get('items', {}))}"
    return str(schema.get("type", "any"))


def _quoted(text: str) -> str:
    return f"'{escape(text, quote=True)}'"
