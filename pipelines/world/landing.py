"""Rows of the lake made straight from a world's arrays, as parsing its native files would land them. Only what the trend models and those of attention read; no files.

What texts say (phrases, brands) is in :mod:`pipelines.world.landed_texts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.lake.writer import event_days
from pipelines.platforms.text import normalise_tag
from pipelines.world.drawn import DAY, FIRST_DAY, NOBODY, PLATFORMS, REPOST, START_SECONDS, Ints, Posts
from pipelines.world.native.files import Filed
from pipelines.world.native.names import Names
from pipelines.world.observation import are_profiled, collected, profile_days
from pipelines.world.warehouse import landed_schema
from pipelines.world.worlds import Observation

_POST_TYPES: Final = ("post", "reply", "repost", "quote")
_STATES_BOTS: Final = frozenset({"bluesky", "mastodon", "activitypub"})
_DATED: Final = frozenset({"gdelt", "mediacloud"})
"""Lists of items that say the day of an item, and no more."""
_WITHOUT_FOLLOWERS: Final = frozenset({"reddit", "tumblr", "bereal"})
_LINKED_OR_PLAYED: Final = frozenset({"link", "domain", "sound"})
_FIRST_DAY: Final = np.datetime64(FIRST_DAY, "D")
Landed = dict[tuple[str, str], pa.Table]


def keys(letter: str, numbers: Ints, digits: int) -> NDArray[np.str_]:
    """Keys of accounts, posts or outlets: a letter and the number, of one length."""
    places = 10 ** np.arange(digits - 1, -1, -1, dtype=np.int64)
    spelled = np.full((numbers.size, digits + 1), ord(letter), dtype=np.uint32)
    spelled[:, 1:] = numbers[:, None] // places % 10 + ord("0")
    return spelled.view(f"<U{digits + 1}")[:, 0]


def instants(seconds: Ints) -> pa.Array:
    """Instants of seconds since the calendar's start."""
    return pa.array((seconds + START_SECONDS) * 1_000_000, pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))


def _rows(table: str, columns: Mapping[str, Any], observed: Ints, night: Ints, method: str = "synthetic") -> pa.Table:
    """Columns in the landed schema; what is not given is NULL."""
    count = observed.size
    nights = pa.array(_FIRST_DAY + night)
    given = {
        "observed_at": instants(observed),
        "ts_quality": "exact",
        "collection_method": method,
        "source_format": "world",
        "source_hash": "world",
        "landed_night": nights,
        "night": nights,
        **columns,
    }
    schema = landed_schema(table)

    def column(field: pa.Field) -> pa.Array:
        value = given.get(field.name)
        if value is None:
            return pa.nulls(count, field.type)
        return pa.repeat(pa.scalar(value, field.type), count) if isinstance(value, str) else pa.array(value, field.type)

    rows = pa.table([column(field) for field in schema], schema=schema)
    return rows.set_column(rows.schema.get_field_index("day"), schema.field("day"), event_days(table, rows))


def _tags(names: Names, posts: Posts, *, has_perennials: bool) -> pa.Array:
    """Hashtags in the form in which the pipeline keeps them."""
    written = pa.array(names.tags(posts, has_perennials=has_perennials), pa.list_(pa.string()))
    encoded = written.values.dictionary_encode()
    spelled = pa.array([normalise_tag(tag) for tag in encoded.dictionary.to_pylist()], pa.string())
    return pa.ListArray.from_arrays(written.offsets, spelled.take(encoded.indices)).cast(
        landed_schema("posts").field("tags").type
    )


def joined(parts: Sequence[Any]) -> Any:
    """Columns of several days, one after another."""
    first = parts[0]
    return type(first)(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in first.__slots__})


def _units(names: Names, posts: Posts) -> dict[str, pa.Array]:
    """Links, their domains and the sound of posts, of trends that are such; a post in a domain's trend has a page of its own there."""
    kinds = [trend.unit_type for trend in names.trends]
    links: list[list[str]] = []
    domains: list[list[str]] = []
    sounds: list[str | None] = []
    rows = zip(posts.kind.tolist(), posts.trend.tolist(), posts.second_trend.tolist(), posts.number.tolist(), strict=True)
    for kind, first, second, number in rows:
        used = [trend for trend in (first, second) if trend != NOBODY and kind != REPOST]
        linked = [trend for trend in used if kinds[trend] in ("link", "domain")]
        links.append([names.trends[trend].tag if kinds[trend] == "link" else f"page{number}x{trend}" for trend in linked])
        domains.append([f"{names.trends[trend].tag}.example" for trend in linked])
        # A video has one sound.
        sounds.append(next((names.trends[trend].tag for trend in used if kinds[trend] == "sound"), None))
    return {"link_keys": pa.array(links), "link_domains": pa.array(domains), "sound_key": pa.array(sounds)}


def landed_posts(names: Names, filed: Sequence[Filed], *, has_perennials: bool = True) -> Landed:
    """Posts and deletions of all deliveries, second deliveries and edits as rows of their own.

    Args:
        names: Of the world.
        filed: What the collection handed over, one a day, all platforms together.
        has_perennials: Whether tags that are always in use are among the tags.
    """
    posts, deleted = (joined([getattr(each, name) for each in filed]) for name in ("posts", "deleted"))
    observed = np.concatenate([each.observed_second for each in filed])
    is_edited = np.concatenate([each.version for each in filed]) > 0
    days = np.array([each.day for each in filed])
    night = np.repeat(days, [len(each.posts) for each in filed])
    gone = np.repeat(days, [len(each.deleted) for each in filed])
    found: Landed = {}
    for number in np.unique(names.accounts.platform[posts.account]).tolist():
        platform, rows = PLATFORMS[number], np.flatnonzero(names.accounts.platform[posts.account] == number)
        chosen = posts.take(rows)
        edited = pa.array(observed[rows], mask=~is_edited[rows])
        columns = {
            "platform": platform,
            "post_key": keys("p", chosen.number, 9),
            "account_key": keys("a", chosen.account, 6),
            "post_type": pa.DictionaryArray.from_arrays(chosen.kind.astype(np.int8), list(_POST_TYPES)).cast(pa.string()),
            "published_at": instants(chosen.stated_second),
            "edited_at": pc.if_else(edited.is_valid(), instants(observed[rows]), None),
            "tags": _tags(names, chosen, has_perennials=has_perennials),
        }
        if any(trend.unit_type in _LINKED_OR_PLAYED for trend in names.trends):
            columns |= _units(names, chosen)
        found[platform, "posts"] = _rows("posts", columns, observed[rows], night[rows])
        rows = np.flatnonzero(names.accounts.platform[deleted.account] == number)
        if rows.size:
            moments = (gone[rows] + 1) * DAY - 1
            columns = {
                "platform": platform,
                "subject_type": "post",
                "subject_key": keys("p", deleted.number[rows], 9),
                "deleted_at": instants(moments),
            }
            found[platform, "deletions"] = _rows("deletions", columns, moments, gone[rows])
    return found


def landed_metrics(names: Names, filed: Sequence[Filed]) -> Landed:
    """Final counters of all posts that were collected, on every platform alike; a repost has none.

    Args:
        names: Of the world.
        filed: What the collection handed over, one a day.
    """
    posts = collected(filed)
    posts = posts.take(posts.kind != REPOST)
    found: Landed = {}
    for number in np.unique(names.accounts.platform[posts.account]).tolist():
        chosen = posts.take(names.accounts.platform[posts.account] == number)
        columns = {
            "platform": PLATFORMS[number],
            "post_key": keys("p", chosen.number, 9),
            "published_at": instants(chosen.stated_second),
            "like_count": chosen.like_count,
            "comment_count": chosen.comment_count,
            "share_count": chosen.share_count,
        }
        day = chosen.second // DAY
        found[PLATFORMS[number], "post_metrics"] = _rows("post_metrics", columns, (day + 1) * DAY, day)
    return found


def landed_coverage(names: Names, filed: Sequence[Filed]) -> Landed:
    """Posts collected by platform and day, as one source that says nothing of what to expect.

    Args:
        names: Of the world.
        filed: What the collection handed over, one a day.
    """
    posts = collected(filed)
    platform, day = names.accounts.platform[posts.account], posts.stated_second // DAY
    found: Landed = {}
    for number in np.unique(platform).tolist():
        days, counts = np.unique(day[platform == number], return_counts=True)
        columns = {
            "platform": PLATFORMS[number], "source": "world", "covered_on": pa.array(_FIRST_DAY + days), "got_count": counts,
            "quarantined_count": np.zeros_like(counts), "status": "ok",
        }  # fmt: skip
        found[PLATFORMS[number], "coverage"] = _rows("coverage", columns, (days + 1) * DAY, days, "firehose")
    return found


def landed_accounts(names: Names, observation: Observation, day_count: int) -> Landed:
    """Profiles of all accounts on the days on which they are read, from when they are open and collected.

    Args:
        names: Of the world.
        observation: What of the world is seen.
        day_count: Days of the calendar.
    """
    accounts = names.accounts
    days = np.array(profile_days(day_count))
    found: Landed = {}
    for number in np.unique(accounts.platform).tolist():
        platform, own = PLATFORMS[number], np.flatnonzero(accounts.platform == number)
        account, day = (grid.ravel() for grid in np.meshgrid(own, days, indexing="ij"))
        is_seen = are_profiled(accounts, observation, account, day)
        account, day = account[is_seen], day[is_seen]
        is_bot = accounts.is_declared_bot[account] & (platform in _STATES_BOTS)
        columns: dict[str, Any] = {
            "platform": platform,
            "account_key": keys("a", account, 6),
            "actor_class": pa.array(np.where(is_bot, "bot", ""), mask=~is_bot),
        }
        if platform not in _WITHOUT_FOLLOWERS:
            columns["followers_count"] = accounts.followers(account, day)
        found[platform, "accounts"] = _rows("accounts", columns, (day + 1) * DAY - 1, day)
    return found


def landed_items(names: Names, filed: Sequence[Filed]) -> Landed:
    """Items of outlets; the words of a trend in a title are joined as the pipeline joins them, and a reprint has its original's headline.

    Args:
        names: Of the world.
        filed: What the collection handed over, one a day.
    """
    items = joined([each.items for each in filed])
    night = np.repeat([each.day for each in filed], [len(each.items) for each in filed])
    sources = np.array([outlet.source for outlet in names.outlets])
    terms = [[trend.tag] for trend in names.trends] + [[]]
    titles = [trend.words for trend in names.trends] + ["other news"]
    found: Landed = {}
    for source in np.unique(sources[items.outlet]).tolist():
        rows = np.flatnonzero(sources[items.outlet] == source)
        outlets = [names.outlets[outlet] for outlet in items.outlet[rows].tolist()]
        trends = np.where(items.trend[rows] == NOBODY, len(names.trends), items.trend[rows]).tolist()
        stories = np.where(items.original[rows] == NOBODY, items.number[rows], items.original[rows]).tolist()
        credited = keys("p", np.maximum(items.credit[rows], 0), 9)
        columns = {
            "platform": source,
            "item_key": keys("i", items.number[rows], 9),
            "outlet_key": keys("o", items.outlet[rows], 2),
            "outlet_name": [outlet.name for outlet in outlets],
            # Lists of items do not tell a brand's from a medium's.
            "outlet_class": "media",
            "published_at": instants(items.second[rows] // DAY * DAY if source in _DATED else items.second[rows]),
            "ts_quality": "date_only" if source in _DATED else "exact",
            "title": [f"all about {titles[trend]}: story {story}" for trend, story in zip(trends, stories, strict=True)],
            "title_terms": [terms[trend] for trend in trends],
            "link_domains": [[outlet.host] for outlet in outlets],
            "credited_post_keys": [
                [] if number == NOBODY else [key]
                for number, key in zip(items.credit[rows].tolist(), credited.tolist(), strict=True)
            ],
        }
        found[source, "mainstream_items"] = _rows("mainstream_items", columns, items.second[rows] + 1, night[rows])
    return found
