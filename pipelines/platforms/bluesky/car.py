"""A repository export (CAR file) to its records: blocks with their offsets, and the tree that names them. Makes no rows.

A CAR is a header and then blocks, each a length, a content id and the bytes that the id is the hash of. A repository's root block
is a commit; it names the root of a Merkle search tree whose entries are ``collection/key`` and the content id of a record
(https://atproto.com/specs/repository).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import libipld

from pipelines.platforms.protocol import BadRecord, Cut

LARGEST_BLOCK_BYTES: Final = 2 << 20  # twice what a server takes as one record
_DEEPEST_TREE: Final = 128  # levels; a tree of 10^9 records has about 20
_LONGEST_VARINT: Final = 9
_SHA_256: Final = b"\x12\x20"
_ID_BYTES: Final = 36  # version, codec, hash function, hash length, 32 bytes of hash
_PATH: Final = re.compile(r"([\w-]+(?:\.[\w-]+)+)/([\w.~:-]+)")


@dataclass(frozen=True, slots=True)
class Block:
    """Where one block lies in the file."""

    offset: int  # of its length
    begins: int  # of its data, after the content id
    ends: int


@dataclass(slots=True)
class Export:
    """The blocks of a CAR file by their content ids, as far as it could be read."""

    raw: bytes
    root: bytes
    blocks: dict[bytes, Block] = field(default_factory=dict)
    broken: list[Cut] = field(default_factory=list)  # places that could not be read

    def value(self, block: Block) -> Any:
        """The block's DAG-CBOR as Python values; a link is the bytes of its content id. Raises ValueError or RecursionError."""
        return libipld.decode_dag_cbor(self.raw[block.begins : block.ends])


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a repository's tree, or a subtree of it."""

    content_id: bytes
    path: str | None = None  # 'collection/key'; None for a subtree
    depth: int = 0


def _broken(code: str, offset: int, reason: str) -> Cut:
    return Cut({"byte_offset": offset}, offset, BadRecord(code, f"byte {offset}: {reason}"))


def _varint(raw: bytes, place: int) -> tuple[int, int]:
    """(number, place after it) of an unsigned LEB128 number. Raises IndexError at the end, ValueError where it is none."""
    number = 0
    for count in range(_LONGEST_VARINT):
        byte = raw[place + count]
        number |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return number, place + count + 1
    raise ValueError("a length has more than nine bytes")


def read(raw: bytes) -> Export:
    """The blocks of a CAR file.

    Reading ends where the file is cut off or its framing breaks; a block that is not what its id says is left out, and the
    blocks after it are read.

    Raises:
        BadRecord: the header is none, so that nothing of the file can be read.
    """
    try:
        size, place = _varint(raw, 0)
        header = libipld.decode_dag_cbor(raw[place : place + size])
        version, root = header["version"], header["roots"][0]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise BadRecord("broken_car", f"byte 0: the file has no CAR header: {error}") from None
    if version != 1 or not isinstance(root, bytes):
        raise BadRecord("broken_car", f"byte 0: the CAR is of version {str(version)[:20]} or has no root; version 1 is read")
    export = Export(raw, root)
    place += size
    while place < len(raw):
        offset = place
        try:
            size, start = _varint(raw, place)
        except IndexError:
            export.broken.append(_broken("truncated", offset, "the file ends inside a length; export it again"))
            break
        except ValueError as error:
            export.broken.append(_broken("broken_car", offset, f"{error}; nothing after it can be read"))
            break
        place = start + size
        if place > len(raw):
            reason = f"a block of {size:,} bytes begins here and {len(raw) - start:,} are left; export it again"
            export.broken.append(_broken("truncated", offset, reason))
            break
        wrong = _wrong(raw, start, size)
        if wrong is None:
            export.blocks[raw[start : start + _ID_BYTES]] = Block(offset, start + _ID_BYTES, place)
        else:
            export.broken.append(_broken("broken_car", offset, wrong))
    return export


def _wrong(raw: bytes, start: int, size: int) -> str | None:
    """What is wrong with the block of ``size`` bytes at ``start``, None if nothing is."""
    if size > LARGEST_BLOCK_BYTES:
        return f"the block has {size:,} bytes; at most {LARGEST_BLOCK_BYTES:,} are read"
    content_id = raw[start : start + _ID_BYTES]
    if size < _ID_BYTES or content_id[0] != 1 or content_id[2:4] != _SHA_256:
        return "the block has no content id of version 1 with SHA-256"
    if hashlib.sha256(memoryview(raw)[start + _ID_BYTES : start + size]).digest() != content_id[4:]:
        return "the block's bytes are not those that its content id names"
    return None


def records(raw: bytes, collections: Collection[str]) -> Iterator[Cut]:
    """The records of a repository, each ``{"uri", "value"}``, in the order of its tree.

    What cannot be read is one problem with its offset; records of collections that are not asked for are one problem for each
    collection, and all that the tree names and the file lacks (one of changes only, or a cut one) are one.

    Args:
        raw: the file.
        collections: those whose records are wanted.

    Raises:
        BadRecord: the file has no header or no commit.
    """
    export = read(raw)
    root = export.blocks.get(export.root)
    try:
        commit = export.value(root) if root else None
    except (ValueError, RecursionError):
        commit = None
    did, tree = (commit.get("did"), commit.get("data")) if isinstance(commit, dict) else (None, None)
    if not isinstance(did, str) or not did.startswith("did:") or not isinstance(tree, bytes):
        offset = root.offset if root else export.broken[0].byte_offset if export.broken else 0
        raise BadRecord("broken_car", f"byte {offset}: the root block is no commit of a repository; export it again")
    return _cuts(export, did, tree, collections)


def _cuts(export: Export, did: str, tree: bytes, collections: Collection[str]) -> Iterator[Cut]:
    yield from export.broken
    other: Counter[str] = Counter()
    missing = 0
    for entry in _entries(export, tree):
        if isinstance(entry, Cut):
            yield entry
            continue
        match = _PATH.fullmatch(entry.path or "")
        block = export.blocks.get(entry.content_id)
        if match and match.group(1) not in collections:
            other[match.group(1)] += 1
        elif block is None:
            missing += 1
        elif match is None:
            problem = BadRecord("missing_id", f"{str(entry.path)[:100]!r} is no path of a record", "path")
            yield Cut({"path": entry.path}, block.offset, problem)
        else:
            yield _record(export, f"at://{did}/{entry.path}", block)
    if missing:
        reason = f"{missing:,} parts of the repository's tree are not in the file (it is cut off, or holds changes only)"
        yield Cut({"missing": missing}, None, BadRecord("missing_block", reason))
    for collection, count in sorted(other.items()):
        reason = f"no table takes records of {collection[:100]}: {count:,} of them"
        yield Cut({"collection": collection, "count": count}, None, BadRecord("unsupported_collection", reason, "collection"))


def _record(export: Export, uri: str, block: Block) -> Cut:
    try:
        return Cut({"uri": uri, "value": export.value(block)}, block.offset)
    except (ValueError, RecursionError) as error:
        return _broken("broken_car", block.offset, f"the record cannot be decoded: {error}")


def _entries(export: Export, tree: bytes) -> Iterator[Entry | Cut]:
    """The tree's entries in order; a subtree that the file lacks, and a problem where a block is no node."""
    visited: set[bytes] = set()
    pending = [Entry(tree)]
    while pending:
        entry = pending.pop()
        block = export.blocks.get(entry.content_id)
        if entry.path is not None or block is None:
            yield entry
        elif entry.content_id in visited or entry.depth > _DEEPEST_TREE:
            yield _broken("broken_car", block.offset, f"the tree meets itself or is deeper than {_DEEPEST_TREE} levels")
        else:
            visited.add(entry.content_id)
            try:
                pending.extend(reversed(_node(export.value(block), entry.depth + 1)))
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                yield _broken("broken_car", block.offset, f"the block is no node of a repository's tree: {error}")


def _node(node: Any, depth: int) -> list[Entry]:
    """What a node holds, in order. Raises TypeError, KeyError or ValueError where it is none."""
    held = [Entry(_link(node["l"]), depth=depth)] if node["l"] is not None else []
    path = b""
    for entry in node["e"]:
        path = path[: entry["p"]] + entry["k"]  # keys share the beginning of the key before them
        held.append(Entry(_link(entry["v"]), path.decode("utf-8")))
        held += [Entry(_link(entry["t"]), depth=depth)] if entry["t"] is not None else []
    return held


def _link(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("a link is no content id")
    return value
