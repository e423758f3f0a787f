"""Small pieces of HTML."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import orjson


def meta(name: str, content: object, attribute: str = "property") -> str:
    return f'<meta {attribute}="{name}" content="{escape(str(content))}">'


def link(rel: str, href: str) -> str:
    return f'<link rel="{rel}" href="{escape(href)}">'


def anchor(href: str, text: str, rel: str = "") -> str:
    relation = f' rel="{rel}"' if rel else ""
    return f'<a href="{escape(href)}"{relation}>{escape(text)}</a>'


def json_ld(value: Any) -> str:
    """A JSON-LD block; a text cannot end it."""
    text = orjson.dumps(value).decode().replace("</", r"<\/")
    return f'<script type="application/ld+json">{text}</script>'


def document(title: str, head: Iterable[str] = (), body: Iterable[str] = (), language: str = "en") -> str:
    heads, bodies = "\n".join(head), "\n".join(body)
    opening = f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
    return f"{opening}\n{heads}\n</head><body>\n{bodies}\n</body></html>\n"
