"""Takes response bodies out of what holds them: VCR cassettes (YAML) and Postman collections (JSON). For tests only."""

from __future__ import annotations

import base64
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml


def bodies(cassette: Path) -> Iterator[tuple[str, bytes]]:
    """(request address, decoded response body) of each exchange that has a body."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = yaml.load(cassette.read_text("utf-8"), Loader=loader)  # noqa: S506 - a safe loader either way
    for exchange in document.get("interactions") or document.get("http_interactions") or ():
        body = (exchange.get("response") or {}).get("body") or {}
        raw = _raw(body)
        if raw:
            yield str(exchange["request"]["uri"]), _decompressed(raw)


def json_bodies(cassette: Path) -> Iterator[tuple[str, Any]]:
    """(request address, decoded JSON) of each exchange whose body is JSON, Google's guard prefix taken off."""
    for uri, raw in bodies(cassette):
        text = raw.decode("utf-8", "replace")
        if text.startswith(")]}'"):
            text = text.partition("\n")[2]
        try:
            yield uri, json.loads(text)
        except ValueError:
            continue


def unwrap(cassettes: Path, target: Path) -> list[Path]:
    """Writes each JSON body below ``cassettes`` as a file of its own below ``target``; the paths written."""
    written = []
    for cassette in sorted([*cassettes.rglob("*.yml"), *cassettes.rglob("*.yaml")]):
        for place, (_, document) in enumerate(json_bodies(cassette)):
            file = target / f"{cassette.stem}_{place}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
            written.append(file)
    return written


def examples(collection: Path) -> Iterator[tuple[str, str]]:
    """(name, body) of each example response of a Postman collection that has a body.

    An example shows where a value goes instead of a value. Each such place is filled: numbers for ids, one word for other texts,
    and what says that more would follow is left out.
    """
    folders, first = [json.loads(collection.read_text("utf-8"))], 18_000_000_000_000_000
    while folders:
        for entry in folders.pop(0).get("item", ()):
            if "item" in entry:
                folders.append(entry)
            for response in entry.get("response", ()):
                if response.get("body"):
                    first += 1_000
                    yield str(response["name"]), _filled(response["body"], first)


def unwrap_examples(collection: Path, target: Path) -> list[Path]:
    """Writes each example response of a Postman collection as a file of its own below ``target``; the paths written."""
    written = []
    for place, (name, body) in enumerate(examples(collection)):
        file = target / f"{place:02d} {re.sub(r'[^A-Za-z0-9]+', ' ', name).strip().lower()}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(body, "utf-8")
        written.append(file)
    return written


def _filled(body: str, first: int) -> str:
    """An example's body with its open places filled, each id by a number of its own from ``first`` on."""
    count = first
    body = re.sub(r'"?<string>"?', '"string"', body)
    body = re.sub(r",\s*\.\.\.", "", body)
    body = re.sub(r"\{(?:thread|user)_id\}", str(count), body)

    def number(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return f'{match[1]}"{count}"'

    body = re.sub(r'("(?:id|deleted_id)": )"string"', number, body)
    return body.replace('"permalink": "string"', '"permalink": "https://www.threads.com/@moss/post/DCkkKl_OGb1"')


def _raw(body: dict[str, Any]) -> bytes:
    if body.get("base64_string"):
        return base64.b64decode(body["base64_string"])
    text = body.get("string") or b""
    return text if isinstance(text, bytes) else text.encode("utf-8")


def _decompressed(raw: bytes) -> bytes:
    if raw[:2] == b"\x1f\x8b":
        return gzip.decompress(raw)
    if raw[:1] == b"\x78":
        try:
            return zlib.decompress(raw)
        except zlib.error:
            return raw
    return raw
