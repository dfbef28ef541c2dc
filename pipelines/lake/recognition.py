"""Which native format a member has: looks at its first bytes, its first line or its whole document, and asks the formats."""

from __future__ import annotations

import io
import zlib
from typing import Any, Final

import zstandard

from pipelines.lake import framing, inbox
from pipelines.platforms.protocol import Framing, NativeFormat, Sample
from pipelines.platforms.registry import PlatformSpec

_HEAD_BYTES: Final = 64 << 10


def recognise(platform: PlatformSpec, member: inbox.Member, head: bytes) -> NativeFormat | None:
    """The first of the platform's formats that takes the member, or None."""
    decoded: dict[Framing, Any] = {}
    for native in platform.formats:
        if native.framing not in decoded:
            decoded[native.framing] = _first_value(native.framing, head, member)
        if native.matches(Sample(member.name, member.suffix, head, decoded[native.framing])):
            return native
    return None


def first_bytes(member: inbox.Member) -> tuple[bytes, str | None]:
    """The head of a member, and why it is shorter than it should be, if the stream broke.

    The head is 64 KiB, or as much more as the first line needs, up to the longest line that is read.
    """
    head = bytearray()
    has_line = False
    with member.open() as stream:
        try:
            while len(head) < _HEAD_BYTES or (not has_line and _may_be_json(head) and len(head) <= framing.LONGEST_LINE_BYTES):
                chunk = stream.read(_HEAD_BYTES)
                if not chunk:
                    break
                head += chunk
                has_line = has_line or b"\n" in chunk
        except (EOFError, OSError, zlib.error, zstandard.ZstdError) as error:
            return bytes(head), str(error) or type(error).__name__
    return bytes(head), None


def _may_be_json(head: bytes | bytearray) -> bool:
    return bytes(head[:64]).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"[", b")"}


def _first_value(kind: Framing, head: bytes, member: inbox.Member) -> Any:
    if kind is Framing.CSV:
        return framing.csv_header(head[:_HEAD_BYTES]) if member.suffix in {".csv", ".tsv", ""} else None
    if kind is Framing.TEXT:
        return next((framed.value for framed in framing.text_lines(io.BytesIO(head))), None)
    if kind is Framing.LINES:
        for framed in framing.lines(io.BytesIO(head)):
            if framed.problem is None:
                return framed.value
        return None
    if kind is Framing.JSON and _may_be_json(head):
        with member.open() as stream:
            return framing.document(stream).value
    return None


def broken_document(head: bytes, member: inbox.Member) -> framing.Framed | None:
    """The problem of what begins as JSON and cannot be decoded, neither whole nor by its first line."""
    if member.suffix not in {".json", ".jsonl", ".ndjson"} or _first_value(Framing.LINES, head, member) is not None:
        return None
    with member.open() as stream:
        whole = framing.document(stream)
    return whole if whole.problem is not None and whole.size else None
