"""Whether a body can be what was asked for: whole, and no web page in place of data. Pure; reads no meaning."""

from __future__ import annotations

import io
import zipfile
from typing import Final

import msgspec

from pipelines.http.protocol import Page
from pipelines.http.retry import Failure

_SPACE: Final = b"\xef\xbb\xbf \t\r\n"
_WEB_PAGES: Final = (b"<!doctype html", b"<html", b"<head", b"<body")
_BODILESS: Final = frozenset({204, 304})


def content_problem(page: Page) -> tuple[Failure, str] | None:
    """Why a good answer's body is not usable; None where it is."""
    if page.status in _BODILESS:
        return None
    suffix = page.request.suffix
    start = page.body[:1024].lstrip(_SPACE).lower()
    kind = page.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if start.startswith(_WEB_PAGES):
        return Failure.WRONG_CONTENT, f"a web page ({kind or 'no content type'}) in place of {suffix.lstrip('.')}"
    if suffix == ".json":
        return _json_problem(page, kind)
    if suffix == ".xml":
        if not start.startswith(b"<"):
            return Failure.WRONG_CONTENT, f"no XML ({kind or 'no content type'})"
        if not page.body.rstrip(_SPACE + b"\0").endswith(b">"):
            return Failure.TRUNCATED, "the XML ends in the middle"
    if suffix.endswith(".zip") and not zipfile.is_zipfile(io.BytesIO(page.body)):
        is_begun = page.body.startswith(b"PK")
        return (Failure.TRUNCATED, "the archive ends early") if is_begun else (Failure.WRONG_CONTENT, f"no archive ({kind})")
    return None


def _json_problem(page: Page, kind: str) -> tuple[Failure, str] | None:
    try:
        msgspec.json.decode(page.body, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError) as error:
        if "truncated" in str(error):
            return Failure.TRUNCATED, "the JSON ends in the middle" if page.body.strip() else "the body is empty"
        return Failure.WRONG_CONTENT, f"no JSON ({kind or 'no content type'}): {error}"
    return None
