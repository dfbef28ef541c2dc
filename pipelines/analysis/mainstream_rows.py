"""Matched items and adoptions of one month's trends as what levels are computed from: one row per trend and target class. No test, no level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.analysis.increments import Partition, by_month, coded, row_hashes
from pipelines.analysis.months import month_before
from pipelines.analysis.trend_gates import birth_gate
from pipelines.analysis.trend_rows import MAINSTREAM, birth_months

Floats = NDArray[np.float64]
MICRO_TIERS: Final = frozenset({"micro_sub1k", "micro_1k_10k", "micro", "nano"})
LARGE_TIERS: Final = frozenset({"macro", "mega"})
CREDITED_ACCOUNT: Final = ""
"""In place of the post's key where an address told the author alone."""
_MICROSECONDS_PER_DAY: Final = 86_400_000_000
_MICROSECONDS_PER_HOUR: Final = 3_600_000_000
_HALF_DAY: Final = _MICROSECONDS_PER_DAY // 2
Row = dict[str, Any]


@dataclass(frozen=True)
class MainstreamTables:
    """One month's trends: ``int_trend_candidates``, ``int_trend_adoptions``, ``int_mainstream_matches`` and ``int_mainstream_credits``."""

    candidates: pa.Table
    adoptions: pa.Table
    matches: pa.Table
    credits: pa.Table


MainstreamPartition = Partition[MainstreamTables]


@dataclass(frozen=True)
class RowParameters:
    """How rows are made.

    Attributes:
        shock_share: At or above this share of adoptions on one day a trend is a shock.
        origin_set_size: First adopters whose tiers tell the origin class.
        micro_origin_share: At or above this share of micro creators among them the origin is micro, at or below its complement large.
        birth_days: Days from the birth over which the coverage is looked at.
        longest_gap_days: Of a creator who did not post for longer than this before its adoption, nobody can say when it was exposed.
        insider_cap: Insiders that are kept, the earliest.
        interval_level: Of the interval of the lag.
    """

    shock_share: float = 0.35
    origin_set_size: int = 5
    micro_origin_share: float = 0.8
    birth_days: int = 7
    longest_gap_days: float = 14.0
    insider_cap: int = 50
    interval_level: float = 0.90


@dataclass(frozen=True)
class Beside:
    """What is read beside a month's own rows.

    Attributes:
        insiders: By month (its first day) rows with the ``account_key`` and ``niche_id`` of those that are insiders in it.
        missing: By platform and day the share of posts that were expected and did not come; what nothing is known of is not there.
        insider_hashes: By month, what changes with its insiders; what is not there never changes.
    """

    insiders: Mapping[date, pa.Table]
    missing: Mapping[tuple[str, date], float]
    insider_hashes: Mapping[date, str] = field(default_factory=dict)
    _niches: dict[date, dict[str, list[str]]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def niches_of(self, month: date) -> Mapping[str, list[str]] | None:
        """By account the niches that it is an insider of in a month; None where no niche was looked for in it."""
        if month not in self.insiders:
            return None
        if month not in self._niches:
            found: dict[str, list[str]] = {}
            rows = self.insiders[month]
            for account, niche_id in zip(rows["account_key"].to_pylist(), rows["niche_id"].to_pylist(), strict=True):
                found.setdefault(account, []).append(niche_id)
            self._niches[month] = found
        return self._niches[month]


def beside(niche_insiders: pa.Table, platform_days: pa.Table) -> Beside:
    """What is read beside, from ``niche_insiders`` and ``int_platform_days``."""
    known = platform_days.filter(platform_days["coverage_ratio"].is_valid())
    days = zip(*(known[name].to_pylist() for name in ("platform", "event_day", "coverage_ratio")), strict=True)
    missing = {(platform, day): max(0.0, 1.0 - ratio) for platform, day, ratio in days}
    # A month whose niches have no insider is one in which they were looked for.
    months = by_month(niche_insiders) if niche_insiders.num_rows else {}
    insiders = {month: rows.filter(pc.fill_null(rows["is_insider"], pa.scalar(value=False))) for month, rows in months.items()}
    hashes = {}
    for month, rows in insiders.items():
        named = rows.select(["account_key", "niche_id"]).append_column("month", pa.repeat("month", rows.num_rows))
        hashes[month] = row_hashes(named, "month", ["account_key", "niche_id"]).get("month", "none")
    return Beside(insiders, missing, hashes)


def gate_of(candidate: Mapping[str, Any], shock_share: float) -> str | None:
    """Why a trend has no place in claims of a ripple: in use before anybody looked, or set off from outside."""
    return birth_gate(
        is_left_censored=candidate["is_left_censored"],
        is_in_use_before=candidate["is_in_use_before"],
        largest_day_share=candidate["largest_day_share"],
        shock_share=shock_share,
    )


def _micros(column: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.asarray(column.cast(pa.int64()).fill_null(0).to_numpy(), dtype=np.int64)


@dataclass(frozen=True)
class Adopters:
    """Creators of one trend in the order of adoption; times in microseconds, with those of the posts before, 0 where there is none."""

    account: list[str]
    platform: list[str]
    tier: list[str | None]
    at: NDArray[np.int64]
    previous: NDArray[np.int64]


NOBODY: Final = Adopters([], [], [], np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class _Months:
    """A month's tables, grouped by trend."""

    adopters: Mapping[str, Adopters]
    items: Mapping[str, list[Row]]
    named: Mapping[tuple[str, str], list[Row]]


def adopters_of(adoptions: pa.Table) -> dict[str, Adopters]:
    """Creators of each trend whose time of adoption is known, the earliest first, by trend.

    Args:
        adoptions: ``int_trend_adoptions``.
    """
    is_timed = pc.is_in(adoptions["ts_quality"], value_set=pa.array(["exact", "date_only"]))
    adoptions = adoptions.filter(pc.and_(is_timed, pc.equal(adoptions["actor_class"], "creator")))
    # A date stands for the middle of its day.
    at, previous = _micros(adoptions["adopted_at"]), _micros(adoptions["previous_post_at"])
    at = at + np.where(np.asarray(pc.equal(adoptions["ts_quality"], "date_only").to_numpy(), dtype=bool), _HALF_DAY, 0)
    keys, trend = coded(adoptions["trend_key"])
    accounts, account = coded(adoptions["account_key"])
    order = np.lexsort((account, at, trend))
    bounds = np.searchsorted(trend[order], np.arange(len(keys) + 1))
    platform, tier = adoptions["platform"].to_pylist(), adoptions["tier_at_birth"].to_pylist()
    adopters = {}
    for place, key in enumerate(keys):
        rows = order[bounds[place] : bounds[place + 1]]
        adopters[key] = Adopters(
            [accounts[code] for code in account[rows]],
            [platform[row] for row in rows],
            [tier[row] for row in rows],
            at[rows],
            previous[rows],
        )
    return adopters


def _grouped(tables: MainstreamTables) -> _Months:
    matches = tables.matches
    for name in ("published_low_at", "published_high_at", "credited_at", "seen_at"):
        place = matches.schema.get_field_index(name)
        matches = matches.set_column(place, name, matches[name].cast(pa.int64()))
    items: dict[str, list[Row]] = {}
    for row in matches.to_pylist():
        items.setdefault(row["trend_key"], []).append(row)
    named: dict[tuple[str, str], list[Row]] = {}
    for row in tables.credits.set_column(3, "credited_at", tables.credits["credited_at"].cast(pa.int64())).to_pylist():
        named.setdefault((row["trend_key"], row["item_key"]), []).append(row)
    return _Months(adopters_of(tables.adoptions), items, named)


def month_rows(tables: MainstreamTables, beside: Beside, parameters: RowParameters) -> list[Row]:
    """Rows of ``contracts.STATE['mainstream_trends']`` without the partition's key and hash, ordered by trend and class.

    Args:
        tables: Of one month's trends.
        beside: Insiders and coverage.
        parameters: How rows are made.
    """
    grouped = _grouped(tables)
    candidates = tables.candidates.sort_by("trend_key")
    months = birth_months(candidates)
    born, ends = _micros(candidates["born_at"]), _micros(candidates["window_ends_at"])
    rows = []
    for place, candidate in enumerate(candidates.to_pylist()):
        key = candidate["trend_key"]
        adopters = grouped.adopters.get(key) or NOBODY
        common = {
            "trend_key": key,
            "period": str(months[place]),
            "born_at": candidate["born_at"],
            "gate": gate_of(candidate, parameters.shock_share),
            "window_days": float(ends[place] - born[place]) / _MICROSECONDS_PER_DAY,
            "origin_class": _origin_class(adopters, parameters),
            "birth_early_days": _birth_early_days(adopters, beside, parameters),
            **_creators(adopters, int(born[place]), parameters),
        }
        items = grouped.items.get(key, [])
        for target in MAINSTREAM:
            own = [item for item in items if item["outlet_class"] == target]
            credited = {item["item_key"]: grouped.named.get((key, item["item_key"]), []) for item in own}
            found = _outlets(own, credited, int(born[place]))
            insiders = _insiders(adopters, int(born[place]), found["first_low_days"], beside, parameters)
            rows.append(common | {"target_class": target} | found | insiders)
    return sorted(rows, key=lambda row: (row["trend_key"], row["target_class"]))


def _creators(adopters: Adopters, born: int, parameters: RowParameters) -> Row:
    """When creators adopted, and about when the micro ones were exposed.

    An exposure lies between the last post without the trend and the first one with it; of a stationary rhythm it is as far from the one as
    from the other, so that the middle is right on average, and late where some posts pass before the trend is used.
    """
    days = (adopters.at - born) / _MICROSECONDS_PER_DAY
    is_micro = np.array([tier in MICRO_TIERS for tier in adopters.tier], dtype=bool)
    is_large = np.array([tier in LARGE_TIERS for tier in adopters.tier], dtype=bool)
    gap_days = (adopters.at - adopters.previous) / _MICROSECONDS_PER_DAY
    is_bounded = is_micro & (adopters.previous > 0) & (gap_days <= parameters.longest_gap_days)
    return {
        "micro_hours": np.sort(24 * (days - gap_days / 2)[is_bounded]).tolist(),
        "first_micro_days": float(days[is_micro][0]) if is_micro.any() else None,
        "first_large_days": float(days[is_large][0]) if is_large.any() else None,
    }


def _origin_class(adopters: Adopters, parameters: RowParameters) -> str:
    tiers = [tier for tier in adopters.tier if tier is not None][: parameters.origin_set_size]
    if len(tiers) < parameters.origin_set_size:
        return "unknown"
    share = sum(tier in MICRO_TIERS for tier in tiers) / len(tiers)
    if share >= parameters.micro_origin_share:
        return "micro"
    return "large" if share <= 1 - parameters.micro_origin_share + 1e-9 else "mixed"


def _birth_early_days(adopters: Adopters, beside: Beside, parameters: RowParameters) -> float:
    """How far before the first adoption that was seen an unseen one may lie.

    If a share m of posts is missing at random and adoptions come at a steady rate at first, the first one of all was unseen with
    probability m, and then lies an exponential time of the rate of those seen before. The bound leaves half of the error of the interval on this side.
    """
    size = parameters.origin_set_size
    if adopters.at.size < size:
        return 0.0
    first_day = np.datetime64(int(adopters.at[0]), "us").astype("datetime64[D]").astype(object)
    days = [date.fromordinal(first_day.toordinal() + step) for step in range(parameters.birth_days)]
    known = [
        beside.missing[platform, day]
        for platform in sorted(set(adopters.platform))
        for day in days
        if (platform, day) in beside.missing
    ]
    missing, tail = float(np.mean(known)) if known else 0.0, (1 - parameters.interval_level) / 2
    if missing <= tail:
        return 0.0
    span_days = float(adopters.at[size - 1] - adopters.at[0]) / _MICROSECONDS_PER_DAY
    return span_days / (size - 1) * float(np.log(missing / tail))


def _is_dated(item: Row) -> bool:
    """Whether its time says when its outlet took the trend up: not where a link to a newer post is all that ties it to the trend, a wrong clock."""
    is_by_late_link = item["matched_by"] == "link" and not item["credited_post_count"]
    return item["published_low_at"] is not None and not is_by_late_link


def _outlets(items: list[Row], named: Mapping[str, list[Row]], born: int) -> Row:
    dated = sorted(
        (item for item in items if _is_dated(item)),
        key=lambda item: (item["published_low_at"], item["published_high_at"], item["item_key"]),
    )
    first = dated[0] if dated else None
    # The earliest item of a story stands for it: an outlet that only reprints has taken nothing up by itself.
    leaders: dict[str, Row] = {}
    for item in sorted(dated, key=lambda item: (item["published_low_at"] + item["published_high_at"], item["item_key"])):
        leaders.setdefault(item["syndication_key"], item)
    own: dict[str, float] = {}
    for item in leaders.values():
        middle = (item["published_low_at"] + item["published_high_at"]) / 2
        own.setdefault(item["outlet_id"], (middle - born) / _MICROSECONDS_PER_HOUR)
    credited = []
    for item in dated:
        if item["credited_post_key"] is not None:
            credited.append((item, item["credited_post_key"], item["credited_account_key"], item["credited_at"]))
        others = [each for each in named[item["item_key"]] if each["account_key"] != item["credited_account_key"]]
        credited += [(item, CREDITED_ACCOUNT, each["account_key"], each["credited_at"]) for each in others]
    credited.sort(key=lambda each: (each[3], each[0]["item_key"], each[1], each[2]))

    def days(moment: int | None) -> float | None:
        return None if moment is None else (moment - born) / _MICROSECONDS_PER_DAY

    return {
        "item_count": len(items),
        "undated_item_count": len(items) - len(dated),
        "outlet_count": len({item["outlet_id"] for item in items}),
        "syndication_group_count": len({item["syndication_key"] for item in items}),
        "late_credit_count": sum(item["late_credit_count"] for item in items),
        "first_item_key": first["item_key"] if first else None,
        "first_low_days": days(first["published_low_at"]) if first else None,
        "first_high_days": days(min(item["published_high_at"] for item in dated)) if first else None,
        "first_seen_days": days(min(item["seen_at"] for item in items)) if items else None,
        "outlet_hours": sorted(own.values()),
        "credit_item_keys": [each[0]["item_key"] for each in credited],
        "credit_post_keys": [each[1] for each in credited],
        "credit_account_keys": [each[2] for each in credited],
        "credit_days": [days(each[3]) for each in credited],
        "credit_item_days": [days(each[0]["published_high_at"]) for each in credited],
    }


def _insiders(adopters: Adopters, born: int, first_days: float | None, beside: Beside, parameters: RowParameters) -> Row:
    """Micro creators who took the trend up before the first item and were insiders in the month before they did, of the niche with most of them."""
    by_niche: dict[str, list[tuple[str, str, float]]] = {}
    is_known = False
    for account, platform, tier, moment in zip(
        adopters.account, adopters.platform, adopters.tier, adopters.at.tolist(), strict=True
    ):
        insiders = beside.niches_of(month_before(moment))
        is_known = is_known or insiders is not None
        day = (moment - born) / _MICROSECONDS_PER_DAY
        if tier in MICRO_TIERS and insiders and first_days is not None and day < first_days:
            for niche_id in insiders.get(account, ()):
                by_niche.setdefault(niche_id, []).append((account, platform, day))
    if not is_known:
        return dict.fromkeys(("niche_id", "insider_keys", "insider_platforms", "insider_days"))
    largest = sorted(by_niche, key=lambda name: (-len(by_niche[name]), name))[:1]
    found = by_niche[largest[0]][: parameters.insider_cap] if largest else []
    return {
        "niche_id": largest[0] if largest else None,
        "insider_keys": [each[0] for each in found],
        "insider_platforms": [each[1] for each in found],
        "insider_days": [each[2] for each in found],
    }
