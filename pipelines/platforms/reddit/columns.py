"""Many ordinary Pushshift or Arctic Shift lines to columns at once, with the rows that ``rows`` gives one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from pipelines.lake.pseudonyms import KEY_HEX_LENGTH
from pipelines.lake.schemas import INSTANT, TABLES, TEXTS
from pipelines.platforms.protocol import FileContext
from pipelines.platforms.reddit.judging import Integers, Ordinary, Payload
from pipelines.platforms.reddit.memory import Author, memory_of
from pipelines.platforms.reddit.payloads import Comment, Submission
from pipelines.platforms.reddit.rows import (
    PLATFORM,
    gone_reason,
    link_of,
    media_kind_of,
    mentions_in,
    native_id_of,
    tags_of,
    text_of,
)
from pipelines.platforms.text import links_in


def tables_of(
    lines: Sequence[Payload], indexes: Integers, judged: Ordinary, context: FileContext, source_format: str
) -> dict[str, pa.Table]:
    """Rows of ordinary lines.

    Args:
        lines: ordinary lines, at least one.
        indexes: the record index of each.
        judged: the judgement of exactly these lines.
        context: of the file.
        source_format: name of the native format.

    Returns:
        Tables with the lake's columns and ``record_index``, in record order.
    """
    memory = memory_of(context.pseudonyms)
    block = _Block(lines, indexes, judged, context, source_format)
    keys = memory.keys.__getitem__
    native_ids = _native_ids(lines)
    once = partial(context.pseudonyms.keys, PLATFORM)
    authors = [memory.authors[line.author] for line in lines]
    texts = list(map(text_of, lines))
    shared: dict[str, pa.Array] = {
        "post_key": _keys(once(native_ids)),
        "account_key": _strings([author.account_key if author else None for author in authors]),
        "observed_at": _instants(judged.observed),
        "published_at": _instants(judged.published),
    }
    links = {place: found for place, text in enumerate(texts) if "://" in text and (found := links_in(text))}
    mentions = {place: found for place, text in enumerate(texts) if "u/" in text and (found := mentions_in(text))}
    if isinstance(lines[0], Submission):
        for place, line in enumerate(lines):
            address = link_of(line) if isinstance(line, Submission) else None
            if address and address not in links.get(place, ()):
                links.setdefault(place, []).append(address)
    known = {place: [link for url in urls if (link := memory.links[url])] for place, urls in links.items()}
    posts = {
        "edited_at": judged.edited.array(),
        "community": _strings([memory.communities[line.subreddit] for line in lines]),
        "tags": _texts({place: tags_of(text) for place, text in enumerate(texts) if "#" in text or "\uff03" in text}, len(lines)),
        "link_domains": _texts(
            {place: list(dict.fromkeys(link.domain for link in each if link.domain)) for place, each in known.items()}, len(lines)
        ),
        "link_keys": _texts({place: [link.key for link in each] for place, each in known.items()}, len(lines)),
        "mentioned_account_keys": _texts({place: list(map(keys, names)) for place, names in mentions.items()}, len(lines)),
        "text_char_count": pa.array(list(map(len, texts)), pa.int32()),
        "has_paid_label": pa.array([line.promoted for line in lines], pa.bool_()),
    }
    metrics: dict[str, pa.Array] = {"score_count": pa.array([line.score for line in lines], pa.int64())}
    more, counted, edges = _of_comments(lines, keys, once) if isinstance(lines[0], Comment) else _of_submissions(lines, keys)
    tables = {
        "posts": block.table("posts", shared | posts | more),
        "post_metrics": block.table("post_metrics", shared | metrics | counted),
        "vault_posts": block.table(
            "vault_posts",
            shared
            | {
                "native_id": _strings(native_ids),
                "text": _strings(texts),
                "url": _strings([line.permalink for line in lines]),
                "links": _texts(links, len(lines)),
            },
        ),
    }
    tables |= _interactions(block, shared, edges, mentions, native_ids, keys)
    tables |= _deletions(block, shared)
    tables |= _accounts(block, shared, authors)
    return {name: table for name, table in tables.items() if table.num_rows}


def _native_ids(lines: Sequence[Any]) -> list[str]:
    kind = "t1_" if isinstance(lines[0], Comment) else "t3_"
    # Only an id that begins with 't' can name its kind already.
    return [native_id_of(line) if line.id[0] == "t" else kind + line.id for line in lines]


class _Edges(NamedTuple):
    """The edge that each of some lines is: its type and the post that it goes to."""

    kind: str
    places: Integers
    targets: pa.Array


def _of_comments(
    lines: Sequence[Any], keys: Callable[[str], str], once: Callable[[Iterable[str]], str]
) -> tuple[dict[str, pa.Array], dict[str, pa.Array], _Edges]:
    roots = [line.link_id for line in lines]
    parents = [line.parent_id for line in lines]
    root_keys = list(map(keys, roots))
    # Half of the comments answer the submission itself; what the others answer is rarely named twice.
    others = [place for place, parent in enumerate(parents) if parent.__class__ is str and parent and parent != roots[place]]
    parent_keys = root_keys.copy()
    made = once([parents[place] for place in others])
    for number, place in enumerate(others):
        parent_keys[place] = made[number * KEY_HEX_LENGTH : (number + 1) * KEY_HEX_LENGTH]
    count = len(lines)
    parent_column = _strings(parent_keys)
    more = {
        "post_type": _repeated("comment", count),
        "parent_post_key": parent_column,
        "root_post_key": _strings(root_keys),
        "media_kind": _repeated("none", count),
    }
    return more, {}, _Edges("comment", np.arange(count, dtype=np.int64), parent_column)


def _of_submissions(lines: Sequence[Any], keys: Callable[[str], str]) -> tuple[dict[str, pa.Array], dict[str, pa.Array], _Edges]:
    parents = [keys(line.crosspost_parent) if line.crosspost_parent else None for line in lines]
    parent_keys = _strings(parents)
    more = {
        "post_type": _strings(["post" if parent is None else "repost" for parent in parents]),
        "parent_post_key": parent_keys,
        "root_post_key": parent_keys,
        "media_kind": _strings([media_kind_of(line) for line in lines]),
        "is_sensitive": pa.array([line.over_18 for line in lines], pa.bool_()),
    }
    counted = {
        "comment_count": pa.array([line.num_comments for line in lines], pa.int64()),
        "upvote_ratio": pa.array([line.upvote_ratio for line in lines], pa.float64()),
        "repost_count": pa.array([line.num_crossposts for line in lines], pa.int64()),
    }
    places = np.array([place for place, parent in enumerate(parents) if parent is not None], np.int64)
    return more, counted, _Edges("repost", places, parent_keys.take(pa.array(places)))


def _interactions(
    block: _Block,
    shared: dict[str, pa.Array],
    edges: _Edges,
    mentions: dict[int, list[str]],
    native_ids: list[str],
    keys: Callable[[str], str],
) -> dict[str, pa.Table]:
    """The edges that lines are, and after each those of its mentions."""
    named = [(place, name) for place, names in mentions.items() for name in names]
    source = {
        "source_account_key": shared["account_key"],
        "post_key": shared["post_key"],
        "interacted_at": shared["published_at"],
        "observed_at": shared["observed_at"],
    }
    places = edges.places
    columns: dict[str, pa.Array] = {"target_post_key": edges.targets}
    if named:
        places = np.concatenate([places, np.array([place for place, _ in named], np.int64)])
        order = np.argsort(places, kind="stable")
        own, said = len(edges.places), len(named)

        def joined(first: pa.Array, second: pa.Array) -> pa.Array:
            return pa.concat_arrays([first, second]).take(pa.array(order))

        columns = {
            "target_post_key": joined(edges.targets, pa.nulls(said, pa.string())),
            "interaction_key": joined(
                shared["post_key"].take(pa.array(edges.places)),
                _strings([keys(f"mention:{native_ids[place]}:{name}") for place, name in named]),
            ),
            "interaction_type": joined(_repeated(edges.kind, own), _repeated("mention", said)),
            "target_account_key": joined(pa.nulls(own, pa.string()), _strings([keys(name) for _, name in named])),
        }
        places = places[order]
    if len(places) < len(block.lines) or named:
        source = {name: column.take(pa.array(places)) for name, column in source.items()}
    if not named:
        columns |= {"interaction_key": source["post_key"], "interaction_type": _repeated(edges.kind, len(places))}
    return {"interactions": block.table("interactions", source | columns, places)}


def _deletions(block: _Block, shared: dict[str, pa.Array]) -> dict[str, pa.Table]:
    gone = [(place, reason) for place, reason in enumerate(map(gone_reason, block.lines)) if reason is not None]
    if not gone:
        return {}
    places = np.array([place for place, _ in gone], np.int64)
    observed = shared["observed_at"].take(pa.array(places))
    columns = {
        "subject_type": _repeated("post", len(gone)),
        "subject_key": shared["post_key"].take(pa.array(places)),
        "deleted_at": observed,
        "observed_at": observed,
        "reason": _strings([reason for _, reason in gone]),
    }
    return {"deletions": block.table("deletions", columns, places)}


def _accounts(block: _Block, shared: dict[str, pa.Array], authors: list[Author | None]) -> dict[str, pa.Table]:
    there = [author for author in authors if author]
    columns = {
        "account_key": shared["account_key"],
        "observed_at": shared["observed_at"],
        "created_at": block.judged.author_created.array(),
        "ts_quality": block.observed_quality(),
    }
    places = None
    names = [line.author for line in block.lines]
    if len(there) < len(authors):
        places = np.flatnonzero(np.fromiter((author is not None for author in authors), np.bool_, len(authors)))
        columns = {name: column.take(pa.array(places)) for name, column in columns.items()}
        names = list(compress(names, authors))
    columns["handle_key"] = _strings([author.handle_key for author in there])
    vault = {"native_id": _strings([author.native_id for author in there]), "handle": _strings(names)}
    return {
        "accounts": block.table("accounts", columns, places),
        "vault_accounts": block.table("vault_accounts", columns | vault, places),
    }


class _Block:
    """Builds tables of one block: fills in what is the same in every row."""

    def __init__(
        self, lines: Sequence[Payload], indexes: Integers, judged: Ordinary, context: FileContext, source_format: str
    ) -> None:
        self.lines, self.judged = lines, judged
        self._indexes = indexes
        self._quality = context.observed_quality
        self._constants: dict[str, Any] = {
            "platform": PLATFORM,
            "ts_quality": "exact",
            "collection_method": context.collection_method,
            "source_format": source_format,
            "source_hash": context.source_hash,
            "landed_night": context.night,
        }
        # Equal columns are one array, which is sent and held once.
        self._made: dict[tuple[str, pa.DataType, int], pa.Array] = {}

    def observed_quality(self) -> pa.Array:
        """``exact`` where the line tells when it was seen, else the file's quality."""
        if self.judged.is_exact.all():
            return _repeated("exact", len(self.lines))
        return _strings([("exact" if exact else self._quality) for exact in self.judged.is_exact.tolist()])

    def table(self, name: str, columns: dict[str, pa.Array], places: Integers | None = None) -> pa.Table:
        """A lake table of ``columns``; ``places`` are the lines that the rows come from, if they are not all of them in order."""
        indexes = self._indexes if places is None else self._indexes[places]
        count = len(indexes)
        schema = TABLES[name]
        arrays = [columns[each.name] if each.name in columns else self._filled(each, count) for each in schema]
        return pa.table([*arrays, pa.array(indexes)], schema=schema.append(pa.field("record_index", pa.int64())))

    def _filled(self, column: pa.Field, count: int) -> pa.Array:
        value = self._constants.get(column.name)
        name = column.name if value is not None else ""
        made = self._made.get((name, column.type, count))
        if made is None:
            made = pa.nulls(count, column.type) if value is None else pa.repeat(pa.scalar(value, column.type), count)
            self._made[name, column.type, count] = made
        return made


def _strings(values: list[Any]) -> pa.Array:
    return pa.array(values, pa.string())


def _keys(digits: str) -> pa.Array:
    """A column of keys that are written one after another."""
    count = len(digits) // KEY_HEX_LENGTH
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(KEY_HEX_LENGTH)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(digits.encode("ascii")))


def _repeated(value: str, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), count)


def _instants(micros: Integers) -> pa.Array:
    return pa.array(micros).view(INSTANT)


def _texts(found: dict[int, Sequence[str]] | dict[int, list[str]], count: int) -> pa.Array:
    """A list column: the lists at some places (in ascending order), empty lists at all others."""
    offsets = np.zeros(count + 1, np.int32)
    for place, values in found.items():
        offsets[place + 1] = len(values)
    flat: Iterable[str] = (value for place in sorted(found) for value in found[place])
    return pa.ListArray.from_arrays(pa.array(np.cumsum(offsets, dtype=np.int32)), _strings(list(flat)), type=TEXTS)
