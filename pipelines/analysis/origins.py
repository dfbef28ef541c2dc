"""Origin sets: who showed a trend first, how likely that is, and what tier, niche and platform it came from. No odds, no precedence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.analysis.months import month_before
from pipelines.analysis.trend_rows import MAINSTREAM

METHOD_VERSION: Final = "origin_sets_2"
NO_CREDIBILITY: Final = frozenset({"left_censored", "in_use_before"})
"""Gates behind which nobody can say how likely anybody was the first."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_SECOND: Final = 1_000_000
_HOUR: Final = 3600 * _SECOND
_DAY: Final = 24 * _HOUR
_EPOCH: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class OriginSetParameters:
    """Parameters of origin sets.

    Attributes:
        set_size: Adopters that make the set; who ties with the last one is in it.
        widest_set_count: A set of more accounts, because that many tie, is not listed.
        widest_tie_count: More accounts that tie for first abstain.
        smallest_adopter_count: Fewer adopters of known time abstain.
        clock_seconds: Times that differ by less tie: clocks of platforms do not agree better.
        coverage_days: Days before the birth over which it is asked how much was seen.
        smallest_seen_ratio: Below this share of what was published, nobody is called the first.
        other_spelling_ratio: Share of accounts that show a trend by another name than its tag, so that a first one may be among them; as the worlds
            have it, of whose trends the first one seen was the first one in 94 to 95 of 100 where nothing was lost.
        smallest_platform_ratio: A platform that was seen less counts as seen this much: nothing can be told of more unseen accounts than that.
    """

    set_size: int = 5
    widest_set_count: int = 20
    widest_tie_count: int = 5
    smallest_adopter_count: int = 10
    clock_seconds: float = 60.0
    coverage_days: int = 7
    smallest_seen_ratio: float = 0.5
    other_spelling_ratio: float = 0.05
    smallest_platform_ratio: float = 0.25


@dataclass(frozen=True)
class Labels:
    """Niche of each account in a month, and whether it is an insider of it; accounts that are not there were not looked at or have none."""

    niche: Mapping[str, str]
    is_insider: Mapping[str, bool]

    @classmethod
    def of(cls, assignments: pa.Table | None, insiders: pa.Table | None) -> Labels:
        """Read one month.

        Args:
            assignments: The month's rows of ``niche_assignments``; None: it has none.
            insiders: The month's rows of ``niche_insiders``.
        """
        if assignments is None:
            return cls({}, {})
        pairs = zip(assignments["account_key"].to_pylist(), assignments["niche_id"].to_pylist(), strict=True)
        niche = {account: name for account, name in pairs if name is not None}
        if insiders is None:
            return cls(niche, {})
        columns = (insiders[name].to_pylist() for name in ("account_key", "niche_id", "is_insider"))
        told = {
            account: bool(inside)
            for account, name, inside in zip(*columns, strict=True)
            if inside is not None and niche.get(account) == name
        }
        return cls(niche, told)


class Coverage:
    """How much of each platform was seen on which day.

    Args:
        platform_days: ``int_platform_days``.
    """

    def __init__(self, platform_days: pa.Table) -> None:
        names = ("platform", "event_day", "got_count", "expected_count", "is_covered")
        self._days: dict[str, dict[int, tuple[int, float | None, bool]]] = {}
        for platform, day, got, expected, covered in zip(*(platform_days[name].to_pylist() for name in names), strict=True):
            self._days.setdefault(platform, {})[day.toordinal() - _EPOCH] = (got, expected, covered)

    def seen_ratio(self, platform: str, first_day: int, last_day: int) -> float | None:
        """Share of what a platform published that was seen, over some days; None where nothing is known of the platform.

        Days with an expectation speak by what came over what was expected, others by whether anything came; a day without any row was not
        collected.

        Args:
            platform: Name.
            first_day: Days since 1970, the first one that counts.
            last_day: The last one.
        """
        known = self._days.get(platform)
        if known is None:
            return None
        rows = [known[day] for day in range(first_day, last_day + 1) if day in known]
        judged = [(got, expected) for got, expected, _ in rows if expected]
        ratio = min(1.0, sum(got for got, _ in judged) / sum(expected for _, expected in judged)) if judged else 0.0
        covered = sum(is_covered for _, expected, is_covered in rows if not expected)
        return (len(judged) * ratio + covered) / (last_day - first_day + 1)


@dataclass(frozen=True)
class Adopters:
    """Adopters of one trend whose time is known to the day or better, in the order of time; outlets are none.

    Attributes:
        low: Earliest time of adoption, microseconds since 1970.
        high: Latest time: of an exact stamp what clocks differ by, of a date its end.
        rank: 1 and those who are surely earlier: ties share a rank.
        rows: Their other columns.
    """

    low: Ints
    high: Ints
    rank: Ints
    rows: pa.Table

    @classmethod
    def of(cls, adoptions: pa.Table, parameters: OriginSetParameters) -> Adopters:
        """Put a trend's adopters in order.

        Args:
            adoptions: Rows of one trend in ``int_trend_adoptions``.
            parameters: See :class:`OriginSetParameters`.
        """
        is_timed = pc.is_in(adoptions["ts_quality"], value_set=pa.array(["exact", "date_only"]))
        is_outlet = pc.is_in(adoptions["actor_class"], value_set=pa.array(MAINSTREAM))
        rows = adoptions.filter(pc.and_(is_timed, pc.invert(is_outlet))).sort_by(
            [("adopted_at", "ascending"), ("account_key", "ascending")]
        )
        low = np.asarray(rows["adopted_at"].cast(pa.int64()).to_numpy(), dtype=np.int64)
        is_exact = np.asarray(pc.equal(rows["ts_quality"], "exact").to_numpy())
        high = low + np.where(is_exact, int(parameters.clock_seconds * _SECOND), _DAY)
        return cls(low, high, 1 + np.searchsorted(np.sort(high), low, side="left"), rows)


def return_gaps(uses: pa.Table) -> Floats:
    """Hours between the first and the second use of each account, in order; infinite where it used the trend once.

    Args:
        uses: Rows of one trend in ``int_trend_timelines``.
    """
    used = uses.filter(uses["has_trend"]).sort_by([("account_key", "ascending"), ("published_at", "ascending")])
    if not used.num_rows:
        return np.empty(0)
    account = used["account_key"].combine_chunks().dictionary_encode().indices.to_numpy()
    hours = np.asarray(used["published_at"].cast(pa.int64()).to_numpy(), dtype=np.float64) / _HOUR
    starts = np.flatnonzero(np.append(True, np.diff(account) != 0))
    counts = np.diff(np.append(starts, account.size))
    seconds = np.minimum(starts + 1, account.size - 1)
    return np.sort(np.where(counts > 1, hours[seconds] - hours[starts], np.inf))


def credibilities(rank: Ints, hours: Floats, next_hours: float, seen: float, gaps: Floats) -> Floats:
    """Chance of each account of an origin set to be the first one that showed the trend.

    If each post is seen with probability s, the first one that was seen is the true first one with probability s, however many adopters there
    are (the number of unseen ones before it is geometric). Else the true first account's post was lost, and the account comes into the list when
    it shows the trend again: with the trend's own law F of hours between two uses, it is the one that was next seen after x hours with
    probability F(time of the one after it) - F(x), counted from the first seen use. What is left belongs to accounts that were never seen.
    Ties share.

    Args:
        rank: Of each account, ascending; ties share one.
        hours: Times of adoption.
        next_hours: Time of the first adopter outside the set; infinite where there is none.
        seen: s.
        gaps: From :func:`return_gaps`, of all adopters.

    Returns:
        One each; they add up to 1 at most.
    """
    ranks, starts, place, count = np.unique(rank, return_index=True, return_inverse=True, return_counts=True)
    begins = hours[starts] - hours[0]
    ends = np.append(begins[1:], next_hours - hours[0])
    returned = np.searchsorted(gaps, np.stack([begins, ends]), side="right") / max(gaps.size, 1)
    finite = np.isfinite(gaps).sum() / max(gaps.size, 1)
    # Who returned within no time at all is counted from the first account on; nobody returns after an infinite time.
    returned = np.minimum(returned, finite)
    returned[0, 0] = 0.0
    mass = (1 - seen) * np.maximum(returned[1] - returned[0], 0.0)
    mass[ranks == 1] += seen
    return np.asarray((mass / count)[place])


def _seen(
    platforms: Iterable[str], first_platforms: set[str], by_platform: Mapping[str, float | None], parameters: OriginSetParameters
) -> float | None:
    """Share of all adopters' posts that was seen: the seen ones over what they stand for. None where a first adopter's platform is unknown."""
    if any(by_platform[name] is None for name in first_platforms):
        return None
    ratios = [by_platform[name] for name in platforms]
    known = [max(ratio, parameters.smallest_platform_ratio) for ratio in ratios if ratio is not None]
    return len(known) / sum(1 / ratio for ratio in known) if known else None


def _best(names: list[str | None], credibility: Floats) -> tuple[str | None, float | None]:
    """The name with the largest share of a set's credibility, the first by name of equal ones; none where more of it has no name."""
    total = float(credibility.sum())
    sums: dict[str, float] = {}
    for name, value in zip(names, credibility.tolist(), strict=True):
        if name is not None:
            sums[name] = sums.get(name, 0.0) + value
    if not sums or total <= 0:
        return None, None
    best = min(sums, key=lambda name: (-round(sums[name], 9), name))
    return (None, None) if sums[best] < total - sum(sums.values()) else (best, min(sums[best] / total, 1.0))


def tier_class(tier: str | None) -> str | None:
    """The tier of the coarse scheme: micro for all below 10,000 followers."""
    return "micro" if tier is not None and (tier.startswith("micro") or tier == "nano") else tier


def day_number(moment_micros: int) -> int:
    """Days since 1970 of a moment in microseconds."""
    return int(moment_micros // _DAY)


def origin_set(
    trend_key: str,
    gate: str | None,
    adoptions: pa.Table,
    uses: pa.Table,
    labels: Mapping[date, Labels],
    coverage: Coverage,
    parameters: OriginSetParameters,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The origin set of one trend and the verdict on it, as rows without version and hash.

    Args:
        trend_key: Key.
        gate: Why nobody can say where it came from (``NO_CREDIBILITY``) or what set it off (shock).
        adoptions: Its rows in ``int_trend_adoptions``.
        uses: Its rows in ``int_trend_timelines``.
        labels: By month.
        coverage: Of all platforms.
        parameters: See :class:`OriginSetParameters`.
    """
    adopters = Adopters.of(adoptions, parameters)
    is_in = adopters.rank <= parameters.set_size
    size, tied = int(is_in.sum()), int((adopters.rank == 1).sum())
    verdict: dict[str, Any] = {"trend_key": trend_key, "origin_set_count": size, "tied_first_count": tied}
    verdict["timed_adopter_count"] = len(adopters.low)
    if not size:
        return [], verdict | {"abstain_reason": gate or "too_few_adopters"}
    platforms = adopters.rows["platform"].to_pylist()
    first_day, last_day = day_number(int(adopters.low[0])) - parameters.coverage_days, day_number(int(adopters.low[is_in].max()))
    by_platform = {name: coverage.seen_ratio(name, first_day, last_day) for name in set(platforms)}
    seen = _seen(platforms, {platforms[row] for row in np.flatnonzero(adopters.rank == 1)}, by_platform, parameters)
    censored = gate if gate in NO_CREDIBILITY else None
    reason = censored or ("no_coverage" if seen is None else "low_coverage" if seen < parameters.smallest_seen_ratio else None)
    chosen = adopters.rows.slice(0, size).to_pylist()
    credibility = None
    if reason is None and seen is not None:
        hours = adopters.low / _HOUR
        after = float(hours[size]) if size < len(hours) else np.inf
        credibility = credibilities(adopters.rank[:size], hours[:size], after, seen, return_gaps(uses)) * (
            1 - parameters.other_spelling_ratio
        )
    rows = []
    for place, row in enumerate(chosen):
        known = labels.get(month_before(int(adopters.low[place])), Labels({}, {}))
        account = row["account_key"]
        rows.append(
            {"trend_key": trend_key, "account_key": account, "rank": int(adopters.rank[place])}
            | {name: row[name] for name in ("adopted_at", "ts_quality", "platform", "actor_class", "tier_at_birth")}
            | {
                "niche_id": known.niche.get(account),
                "is_insider": known.is_insider.get(account),
                "seen_ratio": by_platform[row["platform"]],
            }
            | {
                "credibility": None if credibility is None else round(float(credibility[place]), 9),
                "credibility_null_reason": reason,
            }
        )
    tiers, told = (
        [tier_class(row["tier_at_birth"]) for row in rows],
        [row["is_insider"] for row in rows if row["is_insider"] is not None],
    )
    known_tiers = [tier for tier in tiers if tier is not None]
    verdict["seen_ratio"] = seen
    verdict["abstain_reason"] = (
        censored
        or gate
        or (
            "too_few_adopters"
            if len(adopters.low) < parameters.smallest_adopter_count
            else reason or ("tie" if tied > parameters.widest_tie_count else None)
        )
    )
    if verdict["abstain_reason"] is None and credibility is not None:
        verdict["origin_confidence"] = round(min(float(credibility.sum()), 1.0), 9)
        named = {
            "origin_tier": tiers,
            "origin_niche": [row["niche_id"] for row in rows],
            "origin_platform": [row["platform"] for row in rows],
        }
        for name, values in named.items():
            best, share = _best(values, credibility)
            verdict |= {"origin_niche_id" if name == "origin_niche" else name: best, f"{name}_credibility": share}
        verdict |= {"known_tier_count": len(known_tiers), "known_insider_count": len(told)}
        verdict["micro_share"] = known_tiers.count("micro") / len(known_tiers) if known_tiers else None
        verdict["insider_share"] = sum(told) / len(told) if told else None
    return (rows if size <= parameters.widest_set_count else []), verdict
