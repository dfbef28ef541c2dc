"""Moves of linked persons between platforms: the change point of where a person's posts go. No flows, no rates of a population, no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import xlogy
from scipy.stats import binom

from pipelines.analysis.increments import Analysis, Partition, digest, stored_table
from pipelines.analysis.months import months_later
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.platform_contracts import PERSON_MOVES, STATE_MOVE_MONTHS

METHOD_VERSION: Final = "platform_moves_1"
MOVED, EXPANDED = "moved", "expanded"
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]
MovePartition = Partition[pa.Table]
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class MoveParameters:
    """Parameters of moves.

    Attributes:
        lookaround_months: Months before and after a month that are looked at to date a move in it.
        smallest_post_count: Posts on both platforms before the change, and after it, without which nothing is said.
        smallest_log_likelihood_ratio: Of a change of the person's share of posts against none, at the best of all days. 7 is exceeded
            by about one in a hundred of persons that do not change.
        largest_share_before: Share of the new platform among the posts before the change, at most.
        smallest_share_after: Share after the change from which most posts went over.
        smallest_expansion_share: Share after the change from which a new platform is more than tried.
        largest_from_rate_ratio: Posts a day on the old platform after the change, over those before, at most: who only posts more
            elsewhere has not moved.
        largest_from_p: Chance of so few posts on the old platform at the rate of before (conditional binomial test of two Poisson rates).
        smallest_to_rate_ratio: Posts a day on the new platform after, over those before, at least: who only stopped elsewhere has not moved.
        largest_to_p: Chance of so many posts on the new platform at the rate of before, by the same test.
        burn_in_days: A new platform that was collected for fewer days before the change could have been used before, unseen.
        apart_days: Two moves of a person away from one platform within so many days are one, found twice.
    """

    lookaround_months: int = 3
    smallest_post_count: int = 3
    smallest_log_likelihood_ratio: float = 7.0
    largest_share_before: float = 0.25
    smallest_share_after: float = 0.75
    smallest_expansion_share: float = 0.25
    largest_from_rate_ratio: float = 0.5
    largest_from_p: float = 0.01
    smallest_to_rate_ratio: float = 2.0
    largest_to_p: float = 0.01
    burn_in_days: int = 7
    apart_days: int = 60


@dataclass(frozen=True)
class Coverage:
    """Which days of which platform were collected.

    Attributes:
        covered: By platform, its covered days as numbers since 1970-01-01.
    """

    covered: Mapping[str, frozenset[int]]

    @classmethod
    def of(cls, platform_days: pa.Table) -> Coverage:
        """Read ``int_platform_days``."""
        days: dict[str, set[int]] = {}
        columns = (platform_days["platform"].to_pylist(), _numbers(platform_days["event_day"]).tolist())
        for platform, day, is_covered in zip(*columns, platform_days["is_covered"].to_pylist(), strict=True):
            if is_covered:
                days.setdefault(platform, set()).add(day)
        return cls({platform: frozenset(found) for platform, found in sorted(days.items())})

    def first(self, platform: str) -> int | None:
        """The first covered day; None where there is none."""
        return min(self.covered[platform], default=None) if platform in self.covered else None

    def on(self, platform: str, days: Counts) -> Flags:
        """Whether each of the days was covered."""
        covered = self.covered.get(platform, frozenset())
        return np.array([day in covered for day in days.tolist()], dtype=bool)

    def identity(self, first: int, last: int) -> str:
        """Changes with what is covered in a span, and with the first days of all."""
        parts = (
            f"{platform} {min(days)} {sorted(day for day in days if first <= day <= last)}"
            for platform, days in self.covered.items()
        )
        return digest(*parts)


@dataclass(frozen=True)
class Change:
    """The best change point of one person between two platforms.

    Attributes:
        low: First day on which it could have been: the one after the last post of before.
        high: Last such day: that of the first post after.
        before: Posts on the old and on the new platform before it.
        after: Posts on the old and on the new platform after it.
        covered_before: Days before it on which the old and the new platform were collected.
        covered_after: Days after it on which they were.
        log_likelihood_ratio: Of two shares against one.
    """

    low: int
    high: int
    before: tuple[int, int]
    after: tuple[int, int]
    covered_before: tuple[int, int]
    covered_after: tuple[int, int]
    log_likelihood_ratio: float


def change_point(days: Counts, old: Counts, new: Counts, old_covered: Flags, new_covered: Flags) -> Change | None:
    """Find the day from which the share of the new platform among a person's posts is highest against before, by maximum likelihood.

    The posts of each side of the change are Bernoulli draws with a share of their own (Hinkley and Hinkley 1970): what makes a person
    post more or less on all platforms at once does not matter. Only days on which both were collected tell of the share.

    Args:
        days: Consecutive days, as numbers.
        old: Posts on the old platform, by day.
        new: Posts on the new platform, by day.
        old_covered: Whether the old platform was collected, by day.
        new_covered: Whether the new one was.

    Returns:
        The change with the greatest likelihood among those at which the share of the new platform rises; None where it never does.
    """
    told = old_covered & new_covered
    a, b = np.where(told, old, 0), np.where(told, new, 0)
    active = np.flatnonzero(a + b > 0)
    if active.size < 2:
        return None
    left_a, left_b = np.cumsum(a[active])[:-1], np.cumsum(b[active])[:-1]
    right_a, right_b = a.sum() - left_a, b.sum() - left_b
    gain = _log_likelihood(left_a, left_b) + _log_likelihood(right_a, right_b) - _log_likelihood(a.sum(), b.sum())
    rises = right_b * (left_a + left_b) > left_b * (right_a + right_b)
    if not rises.any():
        return None
    # Rounded: which of two equal days comes out must not hang on the last bit.
    best = int(np.argmax(np.round(np.where(rises, gain, -1.0), 9)))
    low, high = int(active[best]) + 1, int(active[best + 1])
    sides = (slice(0, high), slice(high, None))
    before, after = ((int(a[side].sum()), int(b[side].sum())) for side in sides)
    covered_before, covered_after = ((int(old_covered[side].sum()), int(new_covered[side].sum())) for side in sides)
    return Change(
        int(days[low]), int(days[high]), before, after, covered_before, covered_after, float(np.round(gain[best], 9))
    )  # fmt: skip


def _log_likelihood(one: Any, other: Any) -> Any:
    total = one + other
    return xlogy(one, one / np.maximum(total, 1)) + xlogy(other, other / np.maximum(total, 1))


def judge(change: Change, parameters: MoveParameters) -> str | None:
    """Say what a change is: ``moved``, ``expanded``, or None where the posts do not say that it is either."""
    new_before, new_after = change.before[1], change.after[1]
    if min(sum(change.before), sum(change.after)) < parameters.smallest_post_count:
        return None
    if change.log_likelihood_ratio < parameters.smallest_log_likelihood_ratio:
        return None
    if new_before / sum(change.before) > parameters.largest_share_before:
        return None
    rate_before = new_before / max(change.covered_before[1], 1)
    if new_after / max(change.covered_after[1], 1) < parameters.smallest_to_rate_ratio * rate_before:
        return None
    if _more_p(change, of_new=True) > parameters.largest_to_p:
        return None
    share = new_after / sum(change.after)
    if from_rate_ratio(change) > parameters.largest_from_rate_ratio:
        return EXPANDED if share >= parameters.smallest_expansion_share else None
    if share < parameters.smallest_share_after or _more_p(change, of_new=False) > parameters.largest_from_p:
        return None
    return MOVED


def from_rate_ratio(change: Change) -> float:
    """Posts a covered day on the old platform after the change, over those before; 1 where one of the sides was not covered."""
    before, after = change.covered_before[0], change.covered_after[0]
    if not (before and after and change.before[0]):
        return 1.0
    return (change.after[0] / after) / (change.before[0] / before)


def _more_p(change: Change, *, of_new: bool) -> float:
    """Chance of a split of a platform's posts at least so uneven at one rate: of so many after on the new one, of so many before on the old.

    Given how many posts there are, those of one side of two Poisson processes are binomial (Przyborowski and Wilenski 1940).
    """
    days = change.covered_before[of_new], change.covered_after[of_new]
    if not all(days):
        return 1.0
    posts = change.before[of_new], change.after[of_new]
    return float(binom.sf(posts[of_new] - 1, sum(posts), days[of_new] / sum(days)))


def analyse_moves(
    partitions: Mapping[date, MovePartition],
    platform_days: pa.Table,
    parameters: MoveParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
) -> Analysis:
    """Find who moved from which platform to which, and when.

    A month hangs on the persons' days of the months around it and on what was collected then; where these are as they were, the stored
    rows are taken again.

    Args:
        partitions: ``int_person_days`` by month.
        platform_days: ``int_platform_days``.
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.

    Returns:
        ``person_moves``, ordered by month, person and platform; and the state.
    """
    parameters = parameters or MoveParameters()
    coverage = Coverage.of(platform_days)
    salt = digest(METHOD_VERSION, params_hash(parameters))
    known = {row["month"]: row["input_hash"] for row in stored_table(stored, "move_months", STATE_MOVE_MONTHS).to_pylist()}
    kept: dict[date, list[dict[str, Any]]] = {}
    for row in stored_table(stored, "found_moves", PERSON_MOVES).to_pylist():
        kept.setdefault(row["month"], []).append(row)
    loaded: dict[date, pa.Table] = {}
    found, months, computed = [], [], 0
    for month in sorted(partitions):
        around = [
            each for each in sorted(partitions) if abs(_month_number(each) - _month_number(month)) <= parameters.lookaround_months
        ]
        span = _number(around[0]), _number(months_later(around[-1], 1)) - 1
        input_hash = digest(salt, coverage.identity(*span), *(f"{each} {partitions[each].content_hash}" for each in around))
        months.append({"month": month, "input_hash": input_hash})
        if known.get(month) == input_hash:
            found += kept.get(month, [])
            continue
        for each in around:
            if each not in loaded:
                loaded[each] = partitions[each].load()
        found += _moves_of_month(month, pa.concat_tables([loaded[each] for each in around]), span, coverage, parameters)
        computed += 1
    state = {
        "move_months": pa.Table.from_pylist(months, STATE_MOVE_MONTHS),
        "found_moves": pa.Table.from_pylist(sorted(found, key=_order), PERSON_MOVES),
    }
    moves = pa.Table.from_pylist(_once_each(found, parameters), PERSON_MOVES)
    return Analysis({"person_moves": moves}, state, {"move_months": computed})


def _moves_of_month(
    month: date, person_days: pa.Table, span: tuple[int, int], coverage: Coverage, parameters: MoveParameters
) -> Iterator[dict[str, Any]]:
    days = np.arange(span[0], span[1] + 1)
    covered = {platform: coverage.on(platform, days) for platform in coverage.covered}
    stamp = {"month": month, "method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    for creator_key, posts in _by_person(person_days, span):
        for old in sorted(posts):
            # A person leaves a platform once, for where most came of it.
            best: tuple[tuple[bool, float], dict[str, Any]] | None = None
            for new in sorted(posts):
                if new == old or old not in covered or new not in covered:
                    continue
                first = coverage.first(new) or 0
                # Before a platform is collected for the first time it may not have existed: the old one alone is looked at, and it is said.
                new_covered = covered[new] | (days < first)
                change = change_point(days, posts[old], posts[new], covered[old], new_covered)
                kind = change and judge(change, parameters)
                if change is None or kind is None:
                    continue
                moved = (change.low + change.high) // 2
                if _day(moved).replace(day=1) != month:
                    continue
                is_censored = change.high - first < parameters.burn_in_days
                if kind == EXPANDED and is_censored:
                    continue
                gained = change.after[1] - change.before[1] * change.covered_after[1] / max(change.covered_before[1], 1)
                row = {
                    "creator_key": creator_key, "from_platform": old, "to_platform": new, "move_kind": kind, "moved_on": _day(moved),
                    "moved_low_on": _day(change.low), "moved_high_on": _day(change.high), "post_before_count": sum(change.before),
                    "post_after_count": sum(change.after), "to_share_before": change.before[1] / sum(change.before),
                    "to_share_after": change.after[1] / sum(change.after), "from_rate_ratio": from_rate_ratio(change),
                    "log_likelihood_ratio": change.log_likelihood_ratio, "is_arrival_censored": is_censored, **stamp,
                }  # fmt: skip
                rank = (kind == MOVED, round(gained, 9))
                if best is None or rank > best[0]:
                    best = rank, row
            if best is not None:
                yield best[1]


def _by_person(person_days: pa.Table, span: tuple[int, int]) -> Iterator[tuple[str, dict[str, Counts]]]:
    """Posts by day of each platform of each person that posted on two, in the order of their keys."""
    table = person_days.sort_by([("creator_key", "ascending"), ("platform", "ascending"), ("event_day", "ascending")])
    keys, platforms = (table[name].to_pylist() for name in ("creator_key", "platform"))
    places, counts = _numbers(table["event_day"]) - span[0], table["own_post_count"].to_numpy()
    length = span[1] - span[0] + 1
    begin = 0
    for end in range(1, len(keys) + 1):
        if end < len(keys) and keys[end] == keys[begin]:
            continue
        if len(set(platforms[begin:end])) > 1:
            posts: dict[str, Counts] = {}
            for row in range(begin, end):
                posts.setdefault(platforms[row], np.zeros(length, dtype=np.int64))[places[row]] += counts[row]
            yield keys[begin], posts
        begin = end


def _once_each(found: list[dict[str, Any]], parameters: MoveParameters) -> list[dict[str, Any]]:
    """Of the rows of neighbouring months that are one move, the one that is surest."""
    kept: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in sorted(found, key=lambda row: (row["move_kind"] != MOVED, -row["log_likelihood_ratio"], *_order(row))):
        others = kept.setdefault((row["creator_key"], row["from_platform"]), [])
        if all(abs(row["moved_on"] - other["moved_on"]) > parameters.apart_days * _DAY for other in others):
            others.append(row)
    return sorted((row for rows in kept.values() for row in rows), key=_order)


def _order(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["month"], row["creator_key"], row["from_platform"], row["to_platform"], row["moved_on"]


def _numbers(column: pa.ChunkedArray) -> Counts:
    return np.asarray(column.cast(pa.int32()).to_numpy(zero_copy_only=False), dtype=np.int64)


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _day(number: int) -> date:
    return date(1970, 1, 1) + number * _DAY


def _month_number(month: date) -> int:
    return 12 * month.year + month.month
