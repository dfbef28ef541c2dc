"""Makes small repository exports, and takes real firehose frames apart. For tests of repository exports only."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import libipld
import zstandard


def content_id(data: bytes) -> bytes:
    """The content id (version 1, DAG-CBOR, SHA-256) of a block."""
    return b"\x01\x71\x12\x20" + hashlib.sha256(data).digest()


def varint(number: int) -> bytes:
    """Unsigned LEB128."""
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def framed(data: bytes) -> bytes:
    """A block as it lies in a CAR."""
    return varint(len(data) + 36) + content_id(data) + data


def header(root: bytes) -> bytes:
    """The header of a CAR with one root."""
    data = libipld.encode_dag_cbor({"version": 1, "roots": [root]})
    return varint(len(data)) + data


def node(entries: list[tuple[str, bytes, bytes | None]], left: bytes | None = None) -> bytes:
    """A node of a repository's tree from (path, record's id, subtree after it), with keys shortened as servers do."""
    before, held = b"", []
    for path, value, after in entries:
        key = path.encode()
        shared = next(
            (place for place, pair in enumerate(zip(before, key, strict=False)) if pair[0] != pair[1]), min(len(before), len(key))
        )
        held.append({"p": shared, "k": key[shared:], "v": value, "t": after})
        before = key
    return bytes(libipld.encode_dag_cbor({"l": left, "e": held}))


def export(did: str, records: Mapping[str, Any], *, width: int = 2) -> list[bytes]:
    """A repository export in pieces: the header, then each block. ``width`` entries lie in a node, the rest below them."""
    blocks = {path: bytes(libipld.encode_dag_cbor(record)) for path, record in records.items()}
    nodes: list[bytes] = []
    below: bytes | None = None
    paths = sorted(blocks)
    for start in reversed(range(0, len(paths), width)):
        some = [(path, content_id(blocks[path]), None) for path in paths[start : start + width]]
        last = (some[-1][0], some[-1][1], below)
        nodes.insert(0, node([*some[:-1], last]))
        below = content_id(nodes[0])
    commit = bytes(
        libipld.encode_dag_cbor({"did": did, "version": 3, "rev": "3mptbypluud2a", "prev": None, "data": below, "sig": b"s"})
    )
    return [header(content_id(commit)), *map(framed, [commit, *nodes, *(blocks[path] for path in paths)])]


def frames(file: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """(header, body) of each frame of a capture of the firehose: a little-endian length of four bytes before each."""
    raw = zstandard.ZstdDecompressor().decompressobj().decompress(file.read_bytes())
    place = 0
    while place < len(raw):
        (size,) = struct.unpack_from("<I", raw, place)
        head, body = libipld.decode_dag_cbor_multi(raw[place + 4 : place + 4 + size])
        yield head, body
        place += 4 + size
