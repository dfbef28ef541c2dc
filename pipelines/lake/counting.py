"""How many records a body holds, for whoever watches a collection: recognised and split, parsed by nobody."""

from __future__ import annotations

import io

from pipelines.lake import framing, inbox
from pipelines.lake.recognition import first_bytes, recognise
from pipelines.platforms.protocol import BadRecord, Framing
from pipelines.platforms.registry import PlatformSpec


def record_count(platform: PlatformSpec, body: bytes, suffix: str) -> int:
    """Records of a fetched body as the intake would count them; 0 for what no format takes, and for archives."""
    member = inbox.Member("page", suffix, lambda: io.BytesIO(body))
    head, _ = first_bytes(member)
    native = recognise(platform, member, head) if not suffix.endswith(".zip") else None
    if native is None:
        return 0
    if native.framing is Framing.LINES:
        return sum(1 for line in body.splitlines() if line.strip())
    if native.framing is Framing.CSV:
        return sum(1 for _ in framing.csv_rows(io.BytesIO(body)))
    whole = framing.document(io.BytesIO(body)) if native.framing is Framing.JSON else framing.raw_document(io.BytesIO(body))
    try:
        return len(list(native.split(whole.value if native.framing is Framing.JSON else whole.raw))) if not whole.problem else 0
    except BadRecord:
        return 0
