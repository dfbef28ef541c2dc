"""Pushshift and Arctic Shift lines to canonical rows. Both paths, one record and one block, build on the same payload types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import xxhash

from pipelines.lake.framing import LONGEST_LINE_BYTES
from pipelines.lake.schemas import TABLES as SCHEMAS
from pipelines.platforms.posts import SOCIAL_TABLES
from pipelines.platforms.protocol import BadRecord, BlockResult, FileContext, Framing, LineBlock, Record, Row, Sample
from pipelines.platforms.text import canonical_url, link_domain, links_in, tags_in
from pipelines.platforms.times import from_unix, plausible

TABLES: Final = SOCIAL_TABLES
PLATFORM: Final = "reddit"
_GONE: Final = frozenset({"[deleted]", "[removed]", "deleted", "removed", ""})
_MENTION: Final = re.compile(r"(?<![\w/])/?u/([A-Za-z0-9_-]{3,20})\b")
_USER_PAGE: Final = re.compile(r"^u_", re.IGNORECASE)
Moment = float | str | None


class Meta(msgspec.Struct):
    """What Arctic Shift adds to a line."""

    retrieved_2nd_on: Moment = None
    removal_type: str | None = None
    was_deleted_later: bool | None = None


class Line(msgspec.Struct):
    """Fields that comments and submissions share; older dumps write numbers as text, newer ones as floats."""

    id: str | None = None
    author: str | None = None
    created_utc: Moment = None
    retrieved_on: Moment = None
    retrieved_utc: Moment = None
    edited: bool | float | str | None = None
    score: int | None = None
    subreddit: str | None = None
    permalink: str | None = None
    meta: Meta | None = msgspec.field(default=None, name="_meta")
    author_created_utc: Moment = None
    promoted: bool | None = None


class Comment(Line):
    """A comment."""

    body: str | None = None
    link_id: str | None = None
    parent_id: str | int | None = None


class Submission(Line):
    """A submission."""

    title: str | None = None
    selftext: str | None = None
    url: str | None = None
    is_self: bool | None = None
    is_video: bool | None = None
    post_hint: str | None = None
    over_18: bool | None = None
    num_comments: int | None = None
    num_crossposts: int | None = None
    upvote_ratio: float | None = None
    crosspost_parent: str | None = None
    removed_by_category: str | None = None
    subreddit_subscribers: int | None = None


Emit = Callable[[str, dict[str, Any]], None]


class _Keys:
    """Pseudonyms of a file, remembered: authors, parents and threads come back often."""

    def __init__(self, context: FileContext) -> None:
        self._key = context.pseudonyms.key
        self._known: dict[str, str] = {}

    def __call__(self, native_id: str) -> str:
        known = self._known.get(native_id)
        if known is None:
            if len(self._known) > 500_000:
                self._known.clear()
            known = self._known[native_id] = self._key(PLATFORM, native_id)
        return known


def _rows(line: Comment | Submission, context: FileContext, key: _Keys, emit: Emit) -> None:
    """Hand every row of one line to ``emit``. Raises BadRecord before the first."""
    if not line.id:
        raise BadRecord("missing_id", "the line has no id", "id")
    if line.created_utc is None:
        raise BadRecord("missing_field", "the line has no created_utc", "created_utc")
    observed_at, observed_quality = _observed(line, context)
    published_at = plausible(from_unix(line.created_utc, "created_utc"), observed_at, "created_utc")
    is_comment = isinstance(line, Comment)
    native_id = ("t1_" if is_comment else "t3_") + line.id.removeprefix("t1_").removeprefix("t3_")
    post_key = key(native_id)
    author = line.author.lower() if line.author and line.author.lower() not in _GONE else None
    account_key = key(author) if author else None
    subreddit = line.subreddit
    community = None if subreddit is None or _USER_PAGE.match(subreddit) else subreddit.casefold()
    text = (line.body or "") if isinstance(line, Comment) else "\n".join(filter(None, (line.title, line.selftext)))
    links = links_in(text)
    if isinstance(line, Submission) and line.url and not line.is_self and line.url not in links:
        links.append(line.url)
    canonical = [url for url in map(canonical_url, links) if url]
    mentions = list(dict.fromkeys(name.lower() for name in _MENTION.findall(text))) if "u/" in text else []
    stamp = {"platform": PLATFORM, "observed_at": observed_at}
    post = stamp | {
        "post_key": post_key,
        "account_key": account_key,
        "post_type": "comment" if is_comment else "post",
        "published_at": published_at,
        "edited_at": _edited_at(line, observed_at),
        "community": community,
        "tags": tags_in(text),
        "link_domains": list(dict.fromkeys(filter(None, map(link_domain, canonical)))),
        "link_keys": [context.pseudonyms.link_key(url) for url in canonical],
        "mentioned_account_keys": [key(name) for name in mentions],
        "text_char_count": len(text),
        "has_paid_label": line.promoted,
    }
    parent_key = root_key = None
    if isinstance(line, Comment):
        parent, root = _parents(line)
        parent_key, root_key = key(parent), key(root)
        post |= {"parent_post_key": parent_key, "root_post_key": root_key, "media_kind": "none"}
    else:
        post |= {"media_kind": _media_kind(line), "is_sensitive": line.over_18}
        if line.crosspost_parent:
            parent_key = key(line.crosspost_parent)
            post |= {"post_type": "repost", "parent_post_key": parent_key, "root_post_key": parent_key}
    emit("posts", post)
    metrics: dict[str, Any] = {"post_key": post_key, "published_at": published_at, "score_count": line.score}
    if isinstance(line, Submission):
        metrics |= {"comment_count": line.num_comments, "upvote_ratio": line.upvote_ratio, "repost_count": line.num_crossposts}
    emit("post_metrics", stamp | metrics)
    if parent_key is not None:
        kind = "comment" if is_comment else "repost"
        emit(
            "interactions",
            _edge(stamp, key, kind, account_key, native_id, post_key, published_at) | {"target_post_key": parent_key},
        )
    for name in mentions:
        edge = _edge(stamp, key, "mention", account_key, f"{native_id}:{name}", post_key, published_at)
        emit("interactions", edge | {"target_account_key": key(name)})
    if line.meta is not None and (line.meta.removal_type or line.meta.was_deleted_later):
        reason = line.meta.removal_type or "deleted"
        emit("deletions", stamp | {"subject_type": "post", "subject_key": post_key, "deleted_at": observed_at, "reason": reason})
    emit(
        "vault_posts",
        stamp
        | {
            "post_key": post_key,
            "account_key": account_key,
            "native_id": native_id,
            "text": text,
            "url": line.permalink,
            "links": links,
        },
    )
    if author and account_key:
        created_at = None
        if line.author_created_utc is not None:
            created_at = plausible(from_unix(line.author_created_utc, "author_created_utc"), observed_at, "author_created_utc")
        account = stamp | {
            "account_key": account_key,
            "handle_key": context.pseudonyms.handle_key(PLATFORM, author),
            "created_at": created_at,
        }
        emit("accounts", account | {"ts_quality": observed_quality})
        emit(
            "vault_accounts",
            stamp | {"account_key": account_key, "native_id": author, "handle": line.author, "ts_quality": observed_quality},
        )


def _edge(
    stamp: dict[str, Any], key: _Keys, kind: str, account_key: str | None, ends: str, post_key: str, moment: datetime
) -> dict[str, Any]:
    return stamp | {
        "interaction_key": key(f"{kind}:{ends}"),
        "interaction_type": kind,
        "source_account_key": account_key,
        "post_key": post_key,
        "interacted_at": moment,
    }


def _observed(line: Line, context: FileContext) -> tuple[datetime, str]:
    """The latest retrieval that the line tells of: its counters are of that moment."""
    for seconds in (line.meta.retrieved_2nd_on if line.meta else None, line.retrieved_on, line.retrieved_utc):
        if seconds is not None:
            moment = from_unix(seconds, "retrieved_on")
            if moment <= datetime(context.night.year + 1, 1, 1, tzinfo=UTC):
                return moment, "exact"
    return context.observed_at, context.observed_quality


def _edited_at(line: Line, observed_at: datetime) -> datetime | None:
    if line.edited is None or isinstance(line.edited, bool):
        return None
    return plausible(from_unix(line.edited, "edited"), observed_at, "edited")


def _parents(line: Comment) -> tuple[str, str]:
    if not line.link_id:
        raise BadRecord("missing_id", "the comment has no link_id", "link_id")
    parent = line.parent_id if isinstance(line.parent_id, str) and line.parent_id else line.link_id
    return parent, line.link_id


def _media_kind(line: Submission) -> str:
    if line.is_video or line.post_hint in {"hosted:video", "rich:video"}:
        return "video"
    if line.post_hint == "image":
        return "image"
    return "none" if line.is_self else "link"


class _Dump:
    """What both dump formats share."""

    framing: Framing = Framing.LINES
    collection_method: str = "archive"
    name: str
    payload: type[Comment | Submission]

    def split(self, document: Any) -> Iterable[Any]:
        """Lines are records already."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterator[Row]:
        """Rows of one line. Raises BadRecord."""
        try:
            line = msgspec.convert(record.value, self.payload, strict=True)
        except msgspec.ValidationError as error:
            found = re.search(r"`\$\.(\w+)", str(error))
            raise BadRecord("wrong_type", str(error), found[1] if found else None) from None
        rows: list[Row] = []
        _rows(line, context, _Keys(context), lambda table, values: rows.append(Row(table, values)))
        return iter(rows)

    def parse_block(self, block: LineBlock, context: FileContext) -> BlockResult:
        """All lines of a block at once. Raises BadRecord or msgspec's errors if any line is bad; then go line by line."""
        raws = [line for line in block.data.split(b"\n") if line.strip()]
        if raws and len(max(raws, key=len)) > LONGEST_LINE_BYTES:
            raise BadRecord("oversized", "a line of the block is too long")
        decode = msgspec.json.Decoder(self.payload).decode
        key = _Keys(context)
        columns: dict[str, tuple[list[int], list[dict[str, Any]]]] = {}
        index = block.first_index

        def emit(table: str, values: dict[str, Any]) -> None:
            held = columns.get(table)
            if held is None:
                held = columns[table] = ([], [])
            held[0].append(index)
            held[1].append(values)

        for raw in raws:
            _rows(decode(raw), context, key, emit)
            index += 1
        constants = {
            "ts_quality": "exact",
            "collection_method": context.collection_method,
            "source_format": self.name,
            "source_hash": context.source_hash,
            "landed_night": context.night,
        }
        tables = {table: _as_arrow(table, indexes, rows, constants) for table, (indexes, rows) in columns.items()}
        count = len(raws)
        indexes = np.arange(block.first_index, block.first_index + count, dtype=np.int64)
        hashes = np.fromiter((xxhash.xxh3_64_intdigest(raw.strip()) for raw in raws), np.uint64, count)
        return BlockResult(tables, indexes, hashes, count)


def _as_arrow(table: str, indexes: list[int], rows: list[dict[str, Any]], constants: dict[str, Any]) -> pa.Table:
    schema = SCHEMAS[table]
    present = set(rows[0]).union(*rows[1:])
    columns: list[pa.Array] = []
    for column in schema:
        name = column.name
        if name in present:
            default = constants.get(name)
            values = [row.get(name, default) for row in rows]
            columns.append(_moments(values) if pa.types.is_timestamp(column.type) else pa.array(values, column.type))
        elif name in constants:
            columns.append(pa.repeat(pa.scalar(constants[name], column.type), len(rows)))
        else:
            columns.append(pa.nulls(len(rows), column.type))
    return pa.table([*columns, pa.array(indexes, pa.int64())], schema=schema.append(pa.field("record_index", pa.int64())))


def _moments(values: list[datetime | None]) -> pa.Array:
    return pa.array(values, pa.timestamp("us", tz="UTC"))


class PushshiftComments(_Dump):
    """RC_ files: one comment a line."""

    name = "pushshift_comments"
    payload = Comment

    def matches(self, sample: Sample) -> bool:
        """Lines with a body and the thread that they belong to."""
        value = sample.first_value
        return isinstance(value, dict) and "body" in value and "link_id" in value and "created_utc" in value


class PushshiftSubmissions(_Dump):
    """RS_ files: one submission a line."""

    name = "pushshift_submissions"
    payload = Submission

    def matches(self, sample: Sample) -> bool:
        """Lines with a title and a creation time."""
        value = sample.first_value
        return isinstance(value, dict) and "title" in value and "created_utc" in value and "subreddit" in value


FORMATS: Final = (PushshiftComments(), PushshiftSubmissions())
