"""Exchange tables of trends as arrays, one trend at a time, and their partitions by month of birth. No estimator, no gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.analysis.increments import Partition, coded, digest, is_text, places_in, row_hashes, text_words
from pipelines.analysis.post_times import PostTimes, Timelines, stretches

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Cohort = tuple[str, str]
"""Type of unit, and month of birth (YYYY-MM): trends of one share reference rates and pools."""
TIERS: Final = ("micro", "mid", "macro", "mega")
MEDIA: Final = "media"
HASHTAG: Final = "hashtag"
MAINSTREAM: Final = (MEDIA, "brand")  # both are what a trend reaches: outlets of articles, and accounts of the seed of outlets
_TIER_OF: Final = {"micro_sub1k": "micro", "micro_1k_10k": "micro", "nano": "micro"} | {tier: tier for tier in TIERS}
CLASS_OF_TIER: Final = {"micro": "micro", "mid": "mid_creators", "macro": "large_creators", "mega": "large_creators"}
_MICROSECONDS_PER_HOUR: Final = 3_600_000_000
_DAY_HOURS: Final = 24.0
# What the analysis reads of each table: other columns may change without a trend being computed again.
_CANDIDATE_COLUMNS: Final = [
    "trend_key",
    "born_at",
    "window_ends_at",
    "is_left_censored",
    "is_in_use_before",
    "largest_day_share",
    "unit_type",
]
_ADOPTION_COLUMNS: Final = [
    "trend_key",
    "account_key",
    "platform",
    "actor_class",
    "tier_at_birth",
    "adopted_at",
    "previous_post_at",
    "prior_post_count",
    "prior_exposure_days",
    "ts_quality",
]
_TIMELINE_COLUMNS: Final = ["trend_key", "account_key", "published_at"]


@dataclass(frozen=True)
class TrendTables:
    """Rows of some trends in the exchange tables: ``int_trend_candidates``, ``int_trend_adoptions``, ``int_trend_timelines``."""

    candidates: pa.Table
    adoptions: pa.Table
    timelines: pa.Table


TrendPartition = Partition[TrendTables]


@dataclass(frozen=True)
class TrendRows:
    """One trend's adopters whose time can be compared, in the order of their accounts; times in hours since birth.

    Attributes:
        key: Of the trend.
        unit_type: Of its unit: hashtag, phrase, link, domain, sound or brand.
        period: Month of birth, YYYY-MM.
        content_hash: Of everything below, whatever the order of the rows it came from.
        is_left_censored: Whether it was in use when coverage began.
        is_in_use_before: Whether many had used it before its onset.
        largest_day_share: Share of adoptions on the busiest day.
        account_keys: Keys of the adopters.
        account_words: Hash of each key (:func:`pipelines.analysis.increments.text_words`).
        tier: Tier as of the trend's birth, as a place in ``TIERS``; -1 where there is none (unknown followers, media).
        is_media: Outlets.
        platform: Of each adopter.
        adopted: First post with the trend; of a date, its end.
        previous: Last post before that without it; NaN: none seen.
        is_exact: Whether the time of adoption is more than a date.
        prior_posts: Posts in the rate window.
        prior_days: Days of the rate window since the account was first seen.
        posts: Posting times of each adopter from a week before the birth to the window's end.
    """

    key: str
    unit_type: str
    period: str
    content_hash: str
    is_left_censored: bool
    is_in_use_before: bool
    largest_day_share: float
    account_keys: list[str]
    account_words: NDArray[np.uint64]
    tier: NDArray[np.int64]
    is_media: NDArray[np.bool_]
    platform: NDArray[np.object_]
    adopted: Floats
    previous: Floats
    is_exact: NDArray[np.bool_]
    prior_posts: Floats
    prior_days: Floats
    posts: PostTimes

    @property
    def cohort(self) -> Cohort:
        """The trends that it is read and pooled with."""
        return self.unit_type, self.period

    def groups(self) -> dict[str, Rows]:
        """Rows of each group that has adopters: classes of creators by tier, media, and the creators of each platform."""
        classes = np.array([*CLASS_OF_TIER.values(), ""], dtype=object)[self.tier]
        found = {name: np.flatnonzero((classes == name) & ~self.is_media) for name in dict.fromkeys(CLASS_OF_TIER.values())}
        found[MEDIA] = np.flatnonzero(self.is_media)
        for name in self.platforms():
            found[name] = np.flatnonzero((self.platform == name) & ~self.is_media)
        return {name: rows for name, rows in found.items() if rows.size}

    def platforms(self) -> list[str]:
        """Platforms with creators among the adopters, by name."""
        return sorted(set(self.platform[~self.is_media]))

    def timed(self, rows: Rows, smallest_exposure_days: float) -> Rows:
        """Those adopters who were seen long enough before the birth, and whose posting times are known around an exact adoption."""
        rows = rows[self.is_exact[rows] & (self.prior_days[rows] >= smallest_exposure_days) & (self.posts.counts[rows] > 0)]
        first, last = self.posts.hours[self.posts.bounds[rows]], self.posts.hours[self.posts.bounds[rows + 1] - 1]
        return rows[(first <= self.adopted[rows]) & (self.adopted[rows] <= last)]

    def timelines(self, rows: Rows, smallest_exposure_days: float) -> Timelines:
        """Timelines of :meth:`timed`."""
        rows = self.timed(rows, smallest_exposure_days)
        return Timelines(self.posts.take(rows), self.adopted[rows])


def cohorts_in(table: pa.Table) -> list[Cohort]:
    """Type of unit and period of each row.

    Args:
        table: With ``unit_type`` and ``period``.
    """
    return list(zip(table["unit_type"].to_pylist(), table["period"].to_pylist(), strict=True))


def _micros(column: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.asarray(column.cast(pa.int64()).fill_null(0).to_numpy(), dtype=np.int64)


def content_hashes(tables: TrendTables) -> dict[str, str]:
    """Hash what the analysis reads of each candidate trend, whatever the order of rows."""
    adopted = row_hashes(tables.adoptions, "trend_key", _ADOPTION_COLUMNS)
    posted = row_hashes(tables.timelines, "trend_key", _TIMELINE_COLUMNS)
    return {
        key: digest(found, adopted.get(key), posted.get(key))
        for key, found in row_hashes(tables.candidates, "trend_key", _CANDIDATE_COLUMNS).items()
    }


def uses_in(timelines: pa.Table) -> pa.Table:
    """The rows of timelines at which the trend was used, with their texts as they are.

    Args:
        timelines: ``int_trend_timelines``; its keys may be places in a dictionary, for an account's comes with each of its posts.
    """
    uses = timelines.filter(timelines["has_trend"])
    return uses.cast(pa.schema([field.with_type(pa.string()) if is_text(field.type) else field for field in uses.schema]))


def birth_months(candidates: pa.Table) -> NDArray[np.object_]:
    """Month of birth of each candidate, YYYY-MM."""
    return np.asarray(pc.strftime(candidates["born_at"], "%Y-%m").to_numpy(zero_copy_only=False))


def partitioned(tables: TrendTables) -> dict[str, TrendPartition]:
    """Whole exchange tables as partitions by month of birth: the simple way in, where nothing can be left unread."""
    hashes = content_hashes(tables)
    keys = np.array(tables.candidates["trend_key"].to_pylist(), dtype=object)
    months = birth_months(tables.candidates)
    partitions = {}
    for month in sorted(set(months)):
        inside = pa.array(sorted(keys[months == month]), pa.string())

        def load(inside: pa.Array = inside) -> TrendTables:
            chosen = [
                table.filter(pc.is_in(table["trend_key"], value_set=inside))
                for table in (tables.candidates, tables.adoptions, tables.timelines)
            ]
            return TrendTables(*chosen)

        partitions[month] = Partition(digest(*(f"{key}:{hashes[key]}" for key in inside.to_pylist())), load)
    return partitions


class _Posts:
    """Posting times of the adopters of trends, found by the trend's and the accounts' places; one trend at a time is put in order."""

    def __init__(self, timelines: pa.Table, trend_keys: list[str], account_keys: list[str]) -> None:
        trend = places_in(timelines["trend_key"], trend_keys)
        self._account = places_in(timelines["account_key"], account_keys)
        self._micros = _micros(timelines["published_at"])
        if (np.diff(trend) < 0).any():
            order = np.argsort(trend, kind="stable")
            trend, self._account, self._micros = trend[order], self._account[order], self._micros[order]
        self._bounds = np.searchsorted(trend, np.arange(len(trend_keys) + 1, dtype=np.int32))

    def of(self, trend: int, accounts: NDArray[np.int64], born_micros: int) -> PostTimes:
        """Times of each account, hours since birth."""
        inside = slice(self._bounds[trend], self._bounds[trend + 1])
        account, micros = self._account[inside], self._micros[inside]
        order = np.lexsort((micros, account))
        account, micros = account[order], micros[order]
        wanted = accounts.astype(np.int32)
        first, last = np.searchsorted(account, wanted, "left"), np.searchsorted(account, wanted, "right")
        rows, bounds = stretches(first, last)
        return PostTimes((micros[rows] - born_micros) / _MICROSECONDS_PER_HOUR, bounds)


def read_trends(tables: TrendTables, hashes: Mapping[str, str] | None = None) -> list[TrendRows]:
    """Read trends, ordered by key; nothing depends on the order of rows.

    Args:
        tables: Exchange tables; rows of trends that are not among the candidates are not read.
        hashes: From :func:`content_hashes`, of tables that were read before; they are hashed when None.
    """
    if hashes is None:
        hashes = content_hashes(tables)
    is_timed = pc.is_in(tables.adoptions["ts_quality"], value_set=pa.array(["exact", "date_only"]))
    is_actor = pc.is_in(tables.adoptions["actor_class"], value_set=pa.array(["creator", *MAINSTREAM]))
    adoptions = tables.adoptions.filter(pc.and_(is_timed, is_actor))
    candidates = tables.candidates.sort_by("trend_key")
    trend_keys = candidates["trend_key"].to_pylist()
    account_keys, account = coded(adoptions["account_key"])
    words = text_words(account_keys)
    trend = places_in(adoptions["trend_key"], trend_keys)
    adopted = _micros(adoptions["adopted_at"])
    order = np.lexsort((adopted, account, trend))
    order = order[trend[order] >= 0]
    trend, account, adopted = trend[order], account[order], adopted[order]

    texts, codes = coded(adoptions["tier_at_birth"])
    places = [TIERS.index(_TIER_OF[text]) if text in _TIER_OF else -1 for text in texts]
    tier = np.array([*places, -1], dtype=np.int64)[codes[order]]
    is_media = np.asarray(pc.is_in(adoptions["actor_class"], value_set=pa.array(MAINSTREAM)).to_numpy())[order]
    tier = np.where(is_media, -1, tier)
    texts, codes = coded(adoptions["platform"])
    platform = np.array([*texts, ""], dtype=object)[codes[order]]
    is_exact = np.asarray(pc.equal(adoptions["ts_quality"], "exact").to_numpy())[order]
    has_previous = np.asarray(adoptions["previous_post_at"].is_valid().to_numpy())[order]
    previous = _micros(adoptions["previous_post_at"])[order]
    prior_posts = np.asarray(adoptions["prior_post_count"].to_numpy(), dtype=np.float64)[order]
    prior_days = np.asarray(adoptions["prior_exposure_days"].to_numpy(), dtype=np.float64)[order]
    posts = _Posts(tables.timelines, trend_keys, account_keys)

    months = birth_months(candidates)
    born, ends = _micros(candidates["born_at"]), _micros(candidates["window_ends_at"])
    censored = candidates["is_left_censored"].to_pylist()
    used_before = candidates["is_in_use_before"].to_pylist()
    shares = candidates["largest_day_share"].to_pylist()
    unit_types = candidates["unit_type"].to_pylist()
    bounds = np.searchsorted(trend, np.arange(len(trend_keys) + 1))
    trends = []
    for place, key in enumerate(trend_keys):
        rows = np.arange(bounds[place], bounds[place + 1])
        rows = rows[adopted[rows] <= ends[place]]
        hours = (adopted[rows] - born[place]) / _MICROSECONDS_PER_HOUR
        trends.append(
            TrendRows(
                key,
                unit_types[place],
                str(months[place]),
                hashes[key],
                bool(censored[place]),
                bool(used_before[place]),
                float(shares[place]),
                [account_keys[code] for code in account[rows].tolist()],
                words[account[rows]],
                tier[rows],
                is_media[rows],
                platform[rows],
                # A date stands for its whole day: adoption is no earlier than its start and no later than its end.
                np.where(is_exact[rows], hours, hours + _DAY_HOURS),
                np.where(has_previous[rows], (previous[rows] - born[place]) / _MICROSECONDS_PER_HOUR, np.nan),
                is_exact[rows],
                prior_posts[rows],
                prior_days[rows],
                posts.of(place, account[rows], int(born[place])),
            )
        )
    return trends
