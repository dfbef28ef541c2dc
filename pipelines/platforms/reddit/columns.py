"""Many Pushshift or Arctic Shift lines to columns at once, with the rows that ``rows`` gives one by one.

A line is *ordinary* if nothing about it can make ``rows`` refuse it. Ordinary lines are turned here, column by column;
all others are left to the path for single lines, which alone decides what is refused and why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import compress
from operator import attrgetter
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.lake.schemas import INSTANT, TABLES, TEXTS
from pipelines.platforms.protocol import FileContext
from pipelines.platforms.reddit.payloads import Comment, Moment, Submission
from pipelines.platforms.reddit.rows import (
    PLATFORM,
    author_of,
    community_of,
    media_kind_of,
    mentions_in,
    native_id_of,
    text_of,
)
from pipelines.platforms.text import canonical_url, link_domain, links_in, tags_in
from pipelines.platforms.times import CLOCK_SKEW, EARLIEST

_MICROSECONDS: Final = 1_000_000
_LATEST_SECONDS: Final = 250_000_000_000.0  # in the year 9892: what lies beyond is for the single-line path to judge
_EARLIEST: Final = int(EARLIEST.timestamp()) * _MICROSECONDS
_CLOCK_SKEW: Final = int(CLOCK_SKEW.total_seconds()) * _MICROSECONDS
_LARGEST_INTEGER: Final = 2**63 - 1
_REMEMBERED_KEYS: Final = 200_000  # 50 MB in each process
_REMEMBERED_AUTHORS: Final = 100_000
_REMEMBERED_COMMUNITIES: Final = 20_000
_REMEMBERED_LINKS: Final = 20_000
_PLAIN_HOST: Final = re.compile(r"https://(?!www\.)([a-z0-9.-]+)(?=[/?]|$)")

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Payload = Comment | Submission


class _Moments(NamedTuple):
    """Times of a column, in microseconds since 1970; ``odd`` are those that the single-line path must judge."""

    micros: Integers
    known: Mask
    odd: Mask

    def only(self, mask: Mask) -> _Moments:
        return _Moments(self.micros[mask], self.known[mask], self.odd[mask])

    def array(self) -> pa.Array:
        return pa.array(self.micros, pa.int64(), mask=~self.known).view(INSTANT)


class _Author(NamedTuple):
    native_id: str
    account_key: str
    handle_key: str


class _Authors(dict[str | None, _Author | None]):
    """Accounts by the name in the line; None for authors who are gone."""

    def __init__(self, pseudonyms: Pseudonymiser) -> None:
        super().__init__()
        self._pseudonyms = pseudonyms

    def __missing__(self, name: str | None) -> _Author | None:
        if len(self) >= _REMEMBERED_AUTHORS:
            self.clear()
        native_id = author_of(name)
        key, handle_key = self._pseudonyms.key, self._pseudonyms.handle_key
        made = _Author(native_id, key(PLATFORM, native_id), handle_key(PLATFORM, native_id)) if native_id else None
        self[name] = made
        return made


class _Link(NamedTuple):
    key: str
    domain: str | None


class _Links(dict[str, _Link | None]):
    """Keys and domains of links; None for what is no web URL."""

    def __init__(self, pseudonyms: Pseudonymiser) -> None:
        super().__init__()
        self._link_key = pseudonyms.link_key

    def __missing__(self, url: str) -> _Link | None:
        if len(self) >= _REMEMBERED_LINKS:
            self.clear()
        made = None
        if canonical := canonical_url(url):
            plain = _PLAIN_HOST.match(canonical)
            made = _Link(self._link_key(canonical), plain[1] if plain else link_domain(canonical))
        self[url] = made
        return made


class _Communities(dict[str | None, str | None]):
    """Communities by the name in the line."""

    def __missing__(self, name: str | None) -> str | None:
        if len(self) >= _REMEMBERED_COMMUNITIES:
            self.clear()
        made = self[name] = community_of(name)
        return made


class _Memory:
    """What one process remembers from block to block."""

    def __init__(self, pseudonyms: Pseudonymiser) -> None:
        self.keys = pseudonyms.remembered(PLATFORM, _REMEMBERED_KEYS)
        self.authors = _Authors(pseudonyms)
        self.links = _Links(pseudonyms)
        self.communities = _Communities()


_memory_of = lru_cache(maxsize=1)(_Memory)


class Ordinary(NamedTuple):
    """Which lines are ordinary, and the times that were read to know it."""

    mask: Mask
    observed: Integers
    is_exact: Mask
    published: Integers
    edited: _Moments
    author_created: _Moments

    def only(self) -> Ordinary:
        """The ordinary lines alone."""
        mask = self.mask
        return Ordinary(
            mask[mask],
            self.observed[mask],
            self.is_exact[mask],
            self.published[mask],
            self.edited.only(mask),
            self.author_created.only(mask),
        )


def ordinary(lines: Sequence[Payload], context: FileContext) -> Ordinary:
    """Judge lines. Never calls a line ordinary that the single-line path would refuse."""
    count = len(lines)
    published = _moments([line.created_utc for line in lines])
    observed, is_exact, odd = _observed(lines, context)
    edited = _moments([None if line.edited is None or isinstance(line.edited, bool) else line.edited for line in lines])
    author_created = _moments([line.author_created_utc for line in lines])
    good = published.known & ~odd
    for moments in (published, edited, author_created):
        within = (moments.micros >= _EARLIEST) & (moments.micros <= observed + _CLOCK_SKEW)
        good &= ~moments.known | (within & ~moments.odd)
    is_comment = isinstance(lines[0], Comment)
    for name in ("id", "link_id") if is_comment else ("id",):
        ids = list(map(attrgetter(name), lines))
        if not all(ids):
            good &= np.fromiter(map(bool, ids), np.bool_, count)
    for name in ("score",) if is_comment else ("score", "num_comments", "num_crossposts"):
        values = list(map(attrgetter(name), lines))
        try:
            pa.array(values, pa.int64())
        except (OverflowError, pa.ArrowException):
            good &= np.fromiter((v is None or -_LARGEST_INTEGER <= v <= _LARGEST_INTEGER for v in values), np.bool_, count)
    return Ordinary(good, observed, is_exact, published.micros, edited, author_created)


def _observed(lines: Sequence[Payload], context: FileContext) -> tuple[Integers, Mask, Mask]:
    """Times of observation, whether the line itself tells them, and which are odd; as ``rows.observed_of``."""
    count = len(lines)
    limit = int(datetime(context.night.year + 1, 1, 1, tzinfo=UTC).timestamp()) * _MICROSECONDS
    observed = np.full(count, _micros_of(context.observed_at), np.int64)
    is_open, odd = np.ones(count, np.bool_), np.zeros(count, np.bool_)
    readings: tuple[Callable[[], list[Moment]], ...] = (
        lambda: [None if line.meta is None else line.meta.retrieved_2nd_on for line in lines],
        lambda: [line.retrieved_on for line in lines],
        lambda: [line.retrieved_utc for line in lines],
    )
    for reading in readings:
        moments = _moments(reading())
        odd |= moments.odd
        told = is_open & moments.known & (moments.micros <= limit)
        observed[told] = moments.micros[told]
        is_open &= ~told
        if not is_open.any():
            break
    return observed, ~is_open, odd


def _micros_of(moment: datetime) -> int:
    return int(moment.replace(microsecond=0).timestamp()) * _MICROSECONDS + moment.microsecond


def _moments(values: list[Moment]) -> _Moments:
    if values.count(None) == len(values):
        nothing = np.zeros(len(values), np.bool_)
        return _Moments(np.zeros(len(values), np.int64), nothing, nothing)
    if str in set(map(type, values)):
        values = [_number(value) if isinstance(value, str) else value for value in values]
    seconds = np.array(values, np.float64)
    known = ~np.isnan(seconds)
    with np.errstate(invalid="ignore"):
        odd = known & ~((seconds >= 0) & (seconds <= _LATEST_SECONDS))
    fraction, whole = np.modf(np.where(known & ~odd, seconds, 0.0))
    # As datetime.fromtimestamp rounds: the fraction alone, to even.
    micros = whole.astype(np.int64) * _MICROSECONDS + np.rint(fraction * _MICROSECONDS).astype(np.int64)
    return _Moments(micros, known, odd)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return np.inf
    return np.inf if np.isnan(number) else number


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
    memory = _memory_of(context.pseudonyms)
    block = _Block(lines, indexes, judged, context, source_format)
    keys = memory.keys.__getitem__
    native_ids = _native_ids(lines)
    post_keys = list(map(keys, native_ids))
    authors = [memory.authors[line.author] for line in lines]
    texts = list(map(text_of, lines))
    shared: dict[str, pa.Array] = {
        "post_key": _strings(post_keys),
        "account_key": _strings([author.account_key if author else None for author in authors]),
        "observed_at": _instants(judged.observed),
        "published_at": _instants(judged.published),
    }
    links = {place: found for place, text in enumerate(texts) if "://" in text and (found := links_in(text))}
    mentions = {place: found for place, text in enumerate(texts) if "u/" in text and (found := mentions_in(text))}
    if isinstance(lines[0], Submission):
        for place, line in enumerate(lines):
            if isinstance(line, Submission) and line.url and not line.is_self and line.url not in links.get(place, ()):
                links.setdefault(place, []).append(line.url)
    known = {place: [link for url in urls if (link := memory.links[url])] for place, urls in links.items()}
    posts = {
        "edited_at": judged.edited.array(),
        "community": _strings([memory.communities[line.subreddit] for line in lines]),
        "tags": _texts({place: tags_in(text) for place, text in enumerate(texts) if "#" in text or "\uff03" in text}, len(lines)),
        "link_domains": _texts(
            {place: list(dict.fromkeys(link.domain for link in each if link.domain)) for place, each in known.items()}, len(lines)
        ),
        "link_keys": _texts({place: [link.key for link in each] for place, each in known.items()}, len(lines)),
        "mentioned_account_keys": _texts({place: list(map(keys, names)) for place, names in mentions.items()}, len(lines)),
        "text_char_count": pa.array(list(map(len, texts)), pa.int32()),
        "has_paid_label": pa.array([line.promoted for line in lines], pa.bool_()),
    }
    metrics: dict[str, pa.Array] = {"score_count": pa.array([line.score for line in lines], pa.int64())}
    more, counted, edges = _of_comments(lines, keys) if isinstance(lines[0], Comment) else _of_submissions(lines, keys)
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


def _of_comments(lines: Sequence[Any], keys: Callable[[str], str]) -> tuple[dict[str, pa.Array], dict[str, pa.Array], _Edges]:
    roots = [line.link_id for line in lines]
    parents = [
        line.parent_id if line.parent_id.__class__ is str and line.parent_id else root
        for line, root in zip(lines, roots, strict=True)
    ]
    parent_keys = _strings(list(map(keys, parents)))
    count = len(lines)
    more = {
        "post_type": _repeated("comment", count),
        "parent_post_key": parent_keys,
        "root_post_key": _strings(list(map(keys, roots))),
        "media_kind": _repeated("none", count),
    }
    return more, {}, _Edges("comment", np.arange(count, dtype=np.int64), parent_keys)


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
    if [line.meta for line in block.lines].count(None) == len(block.lines):
        return {}
    gone = [
        (place, line.meta.removal_type or "deleted")
        for place, line in enumerate(block.lines)
        if line.meta is not None and (line.meta.removal_type or line.meta.was_deleted_later)
    ]
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


def _accounts(block: _Block, shared: dict[str, pa.Array], authors: list[_Author | None]) -> dict[str, pa.Table]:
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
