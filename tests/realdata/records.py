"""Takes the records of inbox files apart as the intake does, without landing them. For tests and for reading by eye."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipelines.lake import framing, inbox
from pipelines.platforms.protocol import BadRecord, Framing, NativeFormat, Sample
from pipelines.platforms.registry import PlatformSpec

_HEAD_BYTES: Final = 64 << 10


@dataclass(frozen=True)
class RealRecord:
    """One record of a real file."""

    platform: str
    file: inbox.InboxFile
    framed: framing.Framed


def records_of(platform: PlatformSpec, folder: Path) -> dict[str, list[RealRecord]]:
    """Native format -> records of the files below ``folder``, in the order of the files and of the records in them."""
    found: dict[str, list[RealRecord]] = {}
    for file in inbox.files(folder):
        for member in inbox.members(file):
            native = _recognised(platform, member)
            if native is not None:
                framed = _framed(native, member)
                found.setdefault(native.name, []).extend(RealRecord(platform.name, file, each) for each in framed)
    return found


def documents_of(platform: PlatformSpec, folder: Path) -> list[tuple[NativeFormat, Any]]:
    """(format, decoded JSON document or raw XML) of the files below ``folder`` that are one document."""
    found: list[tuple[NativeFormat, Any]] = []
    for file in inbox.files(folder):
        for member in inbox.members(file):
            native = _recognised(platform, member)
            if native is not None and native.framing in {Framing.JSON, Framing.XML}:
                with member.open() as stream:
                    is_json = native.framing is Framing.JSON
                    found.append((native, framing.document(stream).value if is_json else framing.raw_document(stream).raw))
    return found


def _recognised(platform: PlatformSpec, member: inbox.Member) -> NativeFormat | None:
    with member.open() as stream:
        head = stream.read(_HEAD_BYTES)
    for native in platform.formats:
        if native.matches(Sample(member.name, member.suffix, head, _first_value(native.framing, head, member))):
            return native
    return None


def _first_value(kind: Framing, head: bytes, member: inbox.Member) -> object:
    if kind is Framing.CSV:
        return framing.csv_header(head) if member.suffix in {".csv", ".tsv"} else None
    if kind in {Framing.XML, Framing.BINARY, Framing.BYTES}:
        return None
    if kind is Framing.TEXT:
        return next((line.value for line in framing.text_lines(io.BytesIO(head))), None)
    with member.open() as stream:
        if kind is Framing.JSON:
            return framing.document(stream).value
        return next((line.value for line in framing.lines(stream) if line.problem is None), None)


def _framed(native: NativeFormat, member: inbox.Member) -> list[framing.Framed]:
    with member.open() as stream:
        if native.framing is Framing.LINES:
            return list(framing.lines(stream))
        if native.framing is Framing.TEXT:
            return list(framing.text_lines(stream))
        if native.framing is Framing.CSV:
            return list(framing.csv_rows(stream))
        whole = framing.document(stream) if native.framing is Framing.JSON else framing.raw_document(stream)
    try:
        items = list(native.split(whole.value if native.framing is Framing.JSON else whole.raw))
    except BadRecord:
        return [whole]
    return [
        framing.Framed(index, None, repr(item).encode("utf-8", "surrogatepass"), value=item) for index, item in enumerate(items)
    ]
