"""The slowly changing numbers that a trend is read with: its groups' rate priors and adoption chances, by type of unit and period. No comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.analysis import contracts
from pipelines.analysis.increments import digest, joined, reused
from pipelines.analysis.rates import fit_gamma_prior, rounded_prior
from pipelines.analysis.timeline import ChanceSample, TimelineParameters, best_adoption
from pipelines.analysis.trend_events import one_of_each
from pipelines.analysis.trend_rows import Cohort

METHOD_VERSION: Final = "span_references_3"
Floats = NDArray[np.float64]
Counts = Mapping[str, tuple[Floats, Floats]]


@dataclass(frozen=True)
class CohortTrends:
    """The comparable trends of one type of unit and period: by key the hashes of their rows, and the events that they are of."""

    cohort: Cohort
    hashes: Mapping[str, str]
    events: Mapping[str, str]


@dataclass(frozen=True)
class References:
    """By cohort and group the prior of posting rates; by cohort, lead and target class the p of both in the timeline model."""

    priors: Mapping[tuple[Cohort, str], tuple[float, float]]
    adoptions: Mapping[tuple[Cohort, str, str], tuple[float, float]]


def spans(counts: list[int], smallest: int) -> list[range]:
    """Give each period the periods that it is read with: back from itself until they hold enough, else on from the first.

    A closed period's span is closed too, so that new trends do not change how old ones are read.

    Args:
        counts: Events of the comparable trends of each period, in time's order.
        smallest: Events that are enough.

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


def _read_together(cohorts: list[CohortTrends], smallest: int) -> Iterator[tuple[Cohort, Mapping[str, str]]]:
    """Each cohort, with the trends of its span: periods of its own type of unit only, whose habits of use are others than another's."""
    for _, found in groupby(cohorts, key=lambda each: each.cohort[0]):
        own = list(found)
        for each, span in zip(own, spans([len(set(one.events.values())) for one in own], smallest), strict=True):
            yield each.cohort, {key: known for place in span for key, known in own[place].hashes.items()}


def fit_priors(
    cohorts: list[CohortTrends],
    groups: Mapping[str, Mapping[str, int]],
    smallest: int,
    stored: pa.Table,
    salt: str,
    counts_of: Callable[[str], Counts],
) -> tuple[pa.Table, int]:
    """Fit the prior of posting rates of every group and cohort over the cohort's span; what has not changed is reused.

    Args:
        cohorts: By type of unit, each in time's order.
        groups: Groups with adopters, by trend.
        smallest: Events that a span should hold.
        stored: ``contracts.STATE_TREND_PRIORS`` of the last call.
        salt: Of the hashes: method and parameters.
        counts_of: Gives, for a trend, posts and days of the rate window by group.

    Returns:
        ``contracts.STATE_TREND_PRIORS``, and how many were fitted.
    """
    members: dict[tuple[str, str, str], list[str]] = {}
    wanted: dict[tuple[str, str, str], str] = {}
    for cohort, hashes in _read_together(cohorts, smallest):
        names = sorted({group for key in hashes for group in groups.get(key, ())})
        for group in names:
            inside = sorted(key for key in hashes if group in groups.get(key, ()))
            members[*cohort, group] = inside
            wanted[*cohort, group] = digest(salt, group, *(f"{key}:{hashes[key]}" for key in inside))
    kept, known = reused(stored, wanted, ["unit_type", "period", "group"], "input_hash")
    rows = []
    for name in sorted(set(wanted) - known):
        counted = [counts_of(key)[name[2]] for key in members[name]]
        posts, days = (np.concatenate([pair[side] for pair in counted]) for side in (0, 1))
        shape, rate = rounded_prior(*fit_gamma_prior(posts, days))
        values = (*name, wanted[name], shape, rate)
        rows.append(dict(zip(contracts.STATE_TREND_PRIORS.names, values, strict=True)))
    new = pa.Table.from_pylist(rows, schema=contracts.STATE_TREND_PRIORS)
    return joined([kept, new], ["unit_type", "period", "group"]), len(rows)


def adoption_samples(
    cohorts: list[CohortTrends], told: Mapping[tuple[str, str], Mapping[str, int]], smallest: int, cap: int
) -> dict[tuple[Cohort, str, str], list[str]]:
    """Choose the trends from which p is found, for every cohort and comparison: those of the span with the smallest hashes, one of each event.

    A new trend displaces another one seldom, and the more seldom the more trends there are: p moves slowly. Trends of one event say the same
    of p, so that several of them would make it look surer than it is.

    Args:
        cohorts: By type of unit, each in time's order.
        told: By lead and target class, the trends with enough timelines of both, and how many timelines the target has.
        smallest: Events that a span should hold.
        cap: Trends that are enough to find p.
    """
    order = {key: digest("adoption sample", key) for each in cohorts for key in each.hashes}
    events = {key: event for each in cohorts for key, event in each.events.items()}
    found = {}
    for cohort, inside in _read_together(cohorts, smallest):
        for pair, sizes in told.items():
            keys = sorted(set(inside).intersection(sizes))
            places = one_of_each(keys, events, np.array([sizes[key] for key in keys], dtype=np.int64))
            chosen = sorted((keys[place] for place in places), key=order.__getitem__)[:cap]
            if chosen:
                found[(cohort, *pair)] = sorted(chosen)
    return found


def adoption_chances(
    samples: Mapping[tuple[Cohort, str, str], list[str]], profiles: pa.Table, parameters: TimelineParameters
) -> pa.Table:
    """Find p of both groups of every cohort and comparison, from the summed profiles of the chosen trends.

    Args:
        samples: From :func:`adoption_samples`.
        profiles: ``contracts.STATE_TREND_ADOPTIONS``; a chosen trend without a profile, whose timelines are too few, is left out.
        parameters: Of the timeline model.

    Returns:
        ``contracts.STATE_TREND_CHANCES``.
    """
    known = _Profiles(profiles)
    rows = []
    for (cohort, lead, target), chosen in samples.items():
        keys = [key for key in chosen if (key, lead, target) in known.place]
        if keys:
            found = best_adoption(known.of(keys, lead, target).sum(axis=0), parameters)
            hashes = digest(*(known.hashes[known.place[key, lead, target]] for key in keys))
            rows.append(
                dict(zip(contracts.STATE_TREND_CHANCES.names, (*cohort, lead, target, hashes, keys, *found), strict=True))
            )
    return pa.Table.from_pylist(rows, schema=contracts.STATE_TREND_CHANCES)


def adoptions_by_pair(chances: pa.Table) -> dict[tuple[Cohort, str, str], tuple[float, float]]:
    """P of the lead and of the target group by cohort, lead and target class.

    Args:
        chances: ``contracts.STATE_TREND_CHANCES``.
    """
    return {
        ((row["unit_type"], row["period"]), row["lead_class"], row["target_class"]): (
            row["adoption_lead"],
            row["adoption_target"],
        )
        for row in chances.to_pylist()
    }


class _Profiles:
    """Adoption profiles by trend, lead and target class."""

    def __init__(self, profiles: pa.Table) -> None:
        self._values = np.empty((0, 0))
        if profiles.num_rows:
            flat = profiles["adoption_profile"].combine_chunks().flatten()
            self._values = np.asarray(flat.to_numpy(), dtype=np.float64).reshape(profiles.num_rows, -1)
        columns = [profiles[name].to_pylist() for name in ("trend_key", "lead_class", "target_class")]
        self.hashes = profiles["input_hash"].to_pylist()
        self.place = {key: row for row, key in enumerate(zip(*columns, strict=True))}

    def of(self, keys: list[str], lead: str, target: str) -> Floats:
        """Profiles of some trends, trend x value."""
        return self._values[[self.place[key, lead, target] for key in keys]]


class ChanceEvidence:
    """What each p was found from, for whoever asks how sure a shift is that was read with it."""

    def __init__(self, chances: pa.Table, profiles: pa.Table) -> None:
        """Of the state of one analysis: ``contracts.STATE_TREND_CHANCES`` and ``contracts.STATE_TREND_ADOPTIONS``."""
        self._profiles = _Profiles(profiles)
        self._rows = {
            ((row["unit_type"], row["period"]), row["lead_class"], row["target_class"]): (row["input_hash"], row["trend_keys"])
            for row in chances.to_pylist()
        }

    def hash_of(self, cohorts: Iterable[Cohort], pair: tuple[str, str]) -> str:
        """Changes with what p was found from, of any of these cohorts.

        Args:
            cohorts: In a fixed order.
            pair: Lead and target class.
        """
        return digest(*(self._rows.get((cohort, *pair), ("", []))[0] for cohort in cohorts))

    def samples(self, trend_keys: list[str], cohorts: list[Cohort], pair: tuple[str, str]) -> tuple[list[ChanceSample], int]:
        """What p of these trends was found from, by cohort, and how many of the trends it was found from are not among them.

        Args:
            trend_keys: Of pooled trends, in their order.
            cohorts: Of each.
            pair: Lead and target class.
        """
        place = {key: row for row, key in enumerate(trend_keys)}
        found = []
        for cohort in sorted(set(cohorts)):
            _, keys = self._rows.get((cohort, *pair), ("", []))
            if keys:
                rows = np.array([place.setdefault(key, len(place)) for key in keys], dtype=np.int64)
                read = np.array([row for row, own in enumerate(cohorts) if own == cohort], dtype=np.int64)
                found.append(ChanceSample(read, rows, self._profiles.of(keys, *pair)))
        return found, len(place) - len(trend_keys)
