"""The slowly changing numbers that a trend is read with: its groups' rate priors and adoption chances, by period. No comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.analysis import contracts
from pipelines.analysis.increments import digest, joined, reused
from pipelines.analysis.rates import fit_gamma_prior, rounded_prior
from pipelines.analysis.timeline import TimelineParameters, best_adoption

METHOD_VERSION: Final = "span_references_1"
Floats = NDArray[np.float64]
Counts = Mapping[str, tuple[Floats, Floats]]


@dataclass(frozen=True)
class PeriodTrends:
    """The comparable trends of one period: their keys and the hashes of their rows."""

    period: str
    hashes: Mapping[str, str]


@dataclass(frozen=True)
class References:
    """By period and group the prior of posting rates; by period, lead and target class the p of both in the timeline model."""

    priors: Mapping[tuple[str, str], tuple[float, float]]
    adoptions: Mapping[tuple[str, str, str], tuple[float, float]]


def spans(counts: list[int], smallest: int) -> list[range]:
    """Give each period the periods that it is read with: back from itself until they hold enough, else on from the first.

    A closed period's span is closed too, so that new trends do not change how old ones are read.

    Args:
        counts: Comparable trends of each period, in time's order.
        smallest: Trends that are enough.

    Returns:
        Positions, for each period.
    """
    found = []
    for place in range(len(counts)):
        begin = place
        while begin > 0 and sum(counts[begin : place + 1]) < smallest:
            begin -= 1
        end = place + 1
        while end < len(counts) and sum(counts[begin:end]) < smallest:
            end += 1
        found.append(range(begin, end))
    return found


def fit_priors(
    periods: list[PeriodTrends],
    groups: Mapping[str, Mapping[str, int]],
    smallest: int,
    stored: pa.Table,
    salt: str,
    counts_of: Callable[[str], Counts],
) -> tuple[pa.Table, int]:
    """Fit the prior of posting rates of every group and period over the period's span; what has not changed is reused.

    Args:
        periods: In time's order.
        groups: Groups with adopters, by trend.
        smallest: Trends that a span should hold.
        stored: ``contracts.STATE_TREND_PRIORS`` of the last call.
        salt: Of the hashes: method and parameters.
        counts_of: Gives, for a trend, posts and days of the rate window by group.

    Returns:
        ``contracts.STATE_TREND_PRIORS``, and how many were fitted.
    """
    members: dict[tuple[str, str], list[str]] = {}
    wanted: dict[tuple[str, str], str] = {}
    for period, span in zip(periods, spans([len(each.hashes) for each in periods], smallest), strict=True):
        hashes = {key: found for place in span for key, found in periods[place].hashes.items()}
        names = sorted({group for key in hashes for group in groups.get(key, ())})
        for group in names:
            inside = sorted(key for key in hashes if group in groups.get(key, ()))
            members[period.period, group] = inside
            wanted[period.period, group] = digest(salt, group, *(f"{key}:{hashes[key]}" for key in inside))
    kept, known = reused(stored, wanted, ["period", "group"], "input_hash")
    rows = []
    for period_name, group in sorted(set(wanted) - known):
        counted = [counts_of(key)[group] for key in members[period_name, group]]
        posts, days = (np.concatenate([pair[side] for pair in counted]) for side in (0, 1))
        shape, rate = rounded_prior(*fit_gamma_prior(posts, days))
        values = (period_name, group, wanted[period_name, group], shape, rate)
        rows.append(dict(zip(contracts.STATE_TREND_PRIORS.names, values, strict=True)))
    new = pa.Table.from_pylist(rows, schema=contracts.STATE_TREND_PRIORS)
    return joined([kept, new], ["period", "group"]), len(rows)


def adoption_samples(
    periods: list[PeriodTrends], told: Mapping[tuple[str, str], list[str]], smallest: int, cap: int
) -> dict[tuple[str, str, str], list[str]]:
    """Choose the trends from which p is found, for every period and comparison: those of the span with the smallest hashes.

    A new trend displaces another one seldom, and the more seldom the more trends there are: p moves slowly.

    Args:
        periods: In time's order.
        told: By lead and target class, the trends with enough timelines of both.
        smallest: Trends that a span should hold.
        cap: Trends that are enough to find p.
    """
    hashes = {key: found for period in periods for key, found in period.hashes.items()}
    order = {key: digest("adoption sample", key) for key in hashes}
    found = {}
    for period, span in zip(periods, spans([len(each.hashes) for each in periods], smallest), strict=True):
        inside = {key for place in span for key in periods[place].hashes}
        for pair, keys in told.items():
            chosen = sorted(inside.intersection(keys), key=order.__getitem__)[:cap]
            if chosen:
                found[(period.period, *pair)] = sorted(chosen)
    return found


def adoption_chances(
    samples: Mapping[tuple[str, str, str], list[str]], profiles: pa.Table, parameters: TimelineParameters
) -> dict[tuple[str, str, str], tuple[float, float]]:
    """Find p of both groups of every period and comparison, from the summed profiles of the chosen trends.

    Args:
        samples: From :func:`adoption_samples`.
        profiles: ``contracts.STATE_TREND_ADOPTIONS``, with all of them.
        parameters: Of the timeline model.
    """
    if not profiles.num_rows:
        return {}
    values = profiles["adoption_profile"].combine_chunks().flatten().to_numpy().reshape(profiles.num_rows, -1)
    columns = [profiles[name].to_pylist() for name in ("trend_key", "lead_class", "target_class")]
    place = {key: row for row, key in enumerate(zip(*columns, strict=True))}
    return {
        (period, lead, target): best_adoption(values[[place[key, lead, target] for key in keys]].sum(axis=0), parameters)
        for (period, lead, target), keys in samples.items()
    }
