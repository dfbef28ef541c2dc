"""How attention is spread over accounts, month by month, and whether that changes: cells, panels, trends. No estimator of its own, no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.analysis import clustered_concentration, concentration, decentralisation_contracts, slopes
from pipelines.analysis.clustered_concentration import (
    Clustered,
    Resampled,
    effective_events,
    interval_of,
    resampled_measures,
    share_interval,
    top_cluster_share,
)
from pipelines.analysis.concentration import Interval, gini, theil
from pipelines.analysis.increments import Analysis, Partition, by_month, digest, joined, stored_table, text_words
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.precedence import exponential_weights
from pipelines.analysis.slopes import Slope, SlopeParameters, slope

METHOD_VERSION: Final = "decentralisation_1"
EVERY: Final = "*"
OPEN, FIXED = "open", "fixed"
RESOURCES: Final = {
    "posts": ("own_post_count", None),
    "engagement": ("engagement_count", "engagement_square_sum"),
    "views": ("view_count", "view_square_sum"),
    "reposts_received": ("repost_received_count", "repost_received_square_sum"),
}
"""Of each resource the columns of its sum and of its sum of squares over posts; None where every event is independent."""
POOLED: Final = ("posts",)
"""Resources that mean the same on every platform: a like, a view and a repost do not."""
_TIERS: Final = ("micro", "mid", "macro", "mega")
_WINDOW: Final = "window"
_PLACES: Final = 9
Cell = tuple[str, str, str]
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Texts = NDArray[np.object_]
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class DecentralisationParameters:
    """Parameters of the measures.

    Attributes:
        rarefied_platform_count: Independent events at which Hill numbers of order 1 of all niches together are told.
        rarefied_niche_count: The same of one niche.
        smallest_account_count: Accounts with an event that a cell needs.
        smallest_event_count: Independent events (posts, or as many equally large posts as tell as much) that a cell needs. In planted
            worlds the index of attention was too low by up to 16% at 50 of them, 14% at 100, 5% at 300.
        smallest_covered_ratio: Share of a month's days that must be covered.
        top_share: Share of accounts that "the top" is.
        top_account_count: Accounts below which it has no share.
        window_month_count: Months that a fixed panel is measured in, at most; it was seen in a month before and in one after.
        bootstrap_count: Resamples of accounts.
        interval_level: Coverage of intervals of a month.
        seed: Of the accounts' weights.
        trends: Of slopes over months, which share no data; a direction is claimed at their level.
    """

    rarefied_platform_count: int = 200
    rarefied_niche_count: int = 50
    smallest_account_count: int = 20
    smallest_event_count: int = 100
    smallest_covered_ratio: float = 0.5
    top_share: float = 0.01
    top_account_count: int = 100
    window_month_count: int = 12
    bootstrap_count: int = 200
    interval_level: float = 0.90
    seed: int = 20261130
    trends: SlopeParameters = field(default_factory=lambda: SlopeParameters(window_width=1, interval_level=0.95))


def method_digest(parameters: DecentralisationParameters) -> str:
    """Changes with every version and parameter that the tables hang on."""
    modules = (clustered_concentration, concentration, slopes)
    return digest(METHOD_VERSION, *(module.METHOD_VERSION for module in modules), params_hash(parameters))


@dataclass(frozen=True)
class _Month:
    """Accounts of one month, or of a panel in it, in the order of their hashes.

    Attributes:
        account: Hash of platform and key, each once.
        platform: Name.
        tier: 0 micro to 3 mega, -1 unknown.
        niche: First niche; None for none.
        resources: By name, events; NaN where an account has no counters.
    """

    account: NDArray[np.uint64]
    platform: Texts
    tier: Labels
    niche: Texts
    resources: Mapping[str, Clustered]

    def take(self, rows: NDArray[np.generic]) -> _Month:
        resources = {name: events.take(rows) for name, events in self.resources.items()}
        return _Month(self.account[rows], self.platform[rows], self.tier[rows], self.niche[rows], resources)

    def of_platform(self, platform: str) -> _Month:
        return self if platform == EVERY else self.take(self.platform == platform)

    @property
    def publishing(self) -> NDArray[np.uint64]:
        """Accounts that published."""
        return self.account[self.resources["posts"].total > 0]


def _tier_code(tier: str | None) -> int:
    return _TIERS.index(tier.partition("_")[0]) if tier else -1


def _read_month(rows: pa.Table, assignments: pa.Table) -> _Month:
    """One month in arrays.

    Args:
        rows: ``int_account_attention_months`` of the month.
        assignments: ``niche_assignments`` of the month.
    """
    names = [
        f"{platform}|{key}"
        for platform, key in zip(*(rows[name].to_pylist() for name in ("platform", "account_key")), strict=True)
    ]
    columns = (assignments[name].to_pylist() for name in ("platform", "account_key", "niche_id"))
    niches = {f"{platform}|{key}": niche for platform, key, niche in zip(*columns, strict=True)}
    account = text_words(names)
    order = np.argsort(account, kind="stable")

    def numbers(name: str) -> Floats:
        return np.asarray(rows[name].cast(pa.float64()).fill_null(np.nan).to_numpy(), dtype=np.float64)

    resources = {}
    for resource, (total, squares) in RESOURCES.items():
        resources[resource] = Clustered(numbers(total), numbers(squares or total)).take(order)
    return _Month(
        account[order],
        np.array(rows["platform"].to_pylist(), dtype=object)[order],
        np.array([_tier_code(tier) for tier in rows["tier"].to_pylist()], dtype=np.int64)[order],
        np.array([niches.get(name) for name in names], dtype=object)[order],
        resources,
    )


def _weights(accounts: NDArray[np.uint64], parameters: DecentralisationParameters) -> Floats:
    return exponential_weights(accounts, parameters.bootstrap_count, parameters.seed)


def _cells(month: _Month, platform: str) -> Iterator[tuple[Cell, NDArray[np.int64]]]:
    """Cells of a platform that has an event in them, with the places of the accounts that have one."""
    places = {EVERY: np.arange(month.account.size)}
    for niche in sorted({niche for niche in month.niche.tolist() if niche is not None}):
        places[niche] = np.flatnonzero(month.niche == niche)
    for resource in POOLED if platform == EVERY else RESOURCES:
        has_event = np.nan_to_num(month.resources[resource].total) > 0
        for niche, rows in places.items():
            own = rows[has_event[rows]]
            if own.size:
                yield (platform, niche, resource), own


def _rarefied_to(cell: Cell, parameters: DecentralisationParameters) -> int:
    return parameters.rarefied_platform_count if cell[1] == EVERY else parameters.rarefied_niche_count


def _row(
    month: _Month, cell: Cell, rows: NDArray[np.int64], weights: Floats, covered: float, parameters: DecentralisationParameters
) -> tuple[dict[str, Any], Resampled | None]:
    """A cell's row without its month and panel, and its resamples; None where it abstains."""
    events, tier, count = month.resources[cell[2]].take(rows), month.tier[rows], _rarefied_to(cell, parameters)
    effective = effective_events(events)
    row: dict[str, Any] = {
        "account_count": rows.size,
        "event_count": int(events.total.sum()),
        "effective_event_count": effective,
        "covered_day_ratio": covered,
        "rarefied_to_count": count,
        "tiered_event_count": int(events.total[tier >= 0].sum()),
        "micro_event_count": int(events.total[tier == 0].sum()),
    }
    if covered < parameters.smallest_covered_ratio:
        return row | {"abstain_reason": "coverage"}, None
    if rows.size < parameters.smallest_account_count:
        return row | {"abstain_reason": "too_few_accounts"}, None
    if not effective >= parameters.smallest_event_count:
        return row | {"abstain_reason": "too_few_events"}, None
    measured = resampled_measures(events, tier == 0, tier >= 0, weights[:, rows], count)
    level = parameters.interval_level
    whole = np.rint(events.total).astype(np.int64)
    parts = theil(whole, tier)
    row |= _ends("hill_1", interval_of(measured.hill_1, level))
    row |= _ends("hill_2", interval_of(measured.hill_2, level)) | _ends("hhi_unbiased", interval_of(measured.hhi, level))
    row |= _ends("micro_share", share_interval(measured.micro_share, level))
    return row | {
        "entropy_normalised": float(np.log(measured.hill_1[0]) / np.log(count)),
        "gini": gini(whole),
        "top_1_percent_share": top_cluster_share(events, parameters.top_share, parameters.top_account_count),
        "theil_total": parts.total,
        "theil_within_tiers": parts.within,
        "theil_between_tiers": parts.between,
    }, measured


def _ends(name: str, measured: Interval | Slope) -> dict[str, Any]:
    return {name: measured.value, f"{name}_low": measured.low, f"{name}_high": measured.high}


def _table(rows: Rows, schema: pa.Schema, stamp: dict[str, str]) -> pa.Table:
    """Rows as a table; NaN is NULL, floats are rounded so that the order of a sum does not show."""

    def cell(value: object) -> object:
        if isinstance(value, float):
            return round(value, _PLACES) + 0.0 if np.isfinite(value) else None
        return value

    return pa.Table.from_pylist([{name: cell(value) for name, value in row.items()} | stamp for row in rows], schema=schema)


@dataclass(frozen=True)
class Coverage:
    """Share of a month's days that is covered, by month and platform; what is not known is not covered."""

    ratios: Mapping[tuple[date, str], float]

    @classmethod
    def of(cls, coverage_months: pa.Table) -> Coverage:
        """From ``int_coverage_months``."""
        return cls(
            {(row["month"], row["platform"]): row["covered_day_count"] / row["day_count"] for row in coverage_months.to_pylist()}
        )

    def ratio(self, month: date, platform: str, rows: _Month) -> float:
        """Of a platform; of all together the mean over their posts, so that a small platform that begins does not hide the others."""
        if platform != EVERY:
            return self.ratios.get((month, platform), 0.0)
        posts = rows.resources["posts"].total
        names, place = np.unique(rows.platform.astype(str), return_inverse=True)
        shares = np.bincount(place, posts, minlength=names.size)
        covered = np.array([self.ratios.get((month, name), 0.0) for name in names])
        return float(shares @ covered / shares.sum()) if shares.sum() > 0 else 0.0

    def of_month(self, month: date) -> list[tuple[str, float]]:
        """By platform."""
        return sorted((platform, ratio) for (each, platform), ratio in self.ratios.items() if each == month)


def _platforms(month: _Month) -> list[str]:
    return [EVERY, *sorted(set(month.platform.tolist()))]


def _open_rows(month: date, rows: _Month, coverage: Coverage, parameters: DecentralisationParameters) -> Rows:
    """All cells of a month, whoever was collected."""
    found = []
    for platform in _platforms(rows):
        own, covered = rows.of_platform(platform), coverage.ratio(month, platform, rows)
        weights = _weights(own.account, parameters)
        for cell, places in _cells(own, platform):
            row = _row(own, cell, places, weights, covered, parameters)[0]
            found.append({"month": month, **_named(cell, OPEN), **row})
    return found


def _named(cell: Cell, panel: str) -> dict[str, Any]:
    return dict(zip(("platform", "niche_id", "resource"), cell, strict=True)) | {"panel": panel}


@dataclass(frozen=True)
class _Panel:
    """Accounts of one platform that published in the first and in the last covered month, and the months between."""

    platform: str
    base_month: date
    months: tuple[date, ...]
    base: _Month


def _panel(
    platform: str, months: Mapping[date, _Month], coverage: Coverage, parameters: DecentralisationParameters
) -> _Panel | None:
    """The fixed panel of a platform; None below three covered months, or where nobody published in the first and the last.

    Who opens or is first collected within the window is in no panel, and neither is who leaves or is collected no more. As the months of
    the condition are not measured, and lie on both sides, accounts are not at their most active in any month that is.
    """
    covered = [
        month
        for month, rows in months.items()
        if coverage.ratio(month, platform, rows) >= parameters.smallest_covered_ratio
        and (platform == EVERY or bool(np.any(rows.platform == platform)))
    ]
    if len(covered) < 3:
        return None
    first, *between, last = covered
    base = months[first].of_platform(platform)
    base = base.take(np.isin(base.account, np.intersect1d(base.publishing, months[last].of_platform(platform).publishing)))
    return _Panel(platform, first, tuple(between), base) if base.account.size else None


def _in_panel(month: _Month, panel: _Panel) -> _Month:
    """The panel's accounts in a month, with the tier and the niche that they had before it: nobody ages out of either."""
    own = month.take(np.isin(month.account, panel.base.account))
    place = np.searchsorted(panel.base.account, own.account)
    return _Month(own.account, own.platform, panel.base.tier[place], panel.base.niche[place], own.resources)


def _fixed_rows(months: Mapping[date, _Month], coverage: Coverage, parameters: DecentralisationParameters) -> tuple[Rows, Rows]:
    """Months and trends of the fixed panels."""
    rows: Rows = []
    trends: Rows = []
    for platform in sorted({EVERY, *(name for month in months.values() for name in month.platform.tolist())}):
        panel = _panel(platform, months, coverage, parameters)
        if panel is None:
            continue
        weights = _weights(panel.base.account, parameters)
        series: dict[Cell, dict[date, Resampled | None]] = {}
        for month in panel.months:
            own = _in_panel(months[month], panel)
            own_weights = weights[:, np.searchsorted(panel.base.account, own.account)]
            covered = coverage.ratio(month, platform, months[month])
            for cell, places in _cells(own, platform):
                row, measured = _row(own, cell, places, own_weights, covered, parameters)
                rows.append({"month": month, **_named(cell, FIXED), "panel_month": panel.base_month, **row})
                series.setdefault(cell, {})[month] = measured
        trends += [_fixed_trend(cell, found, panel, parameters) for cell, found in series.items()]
    return rows, trends


def _number(month: date) -> int:
    return month.year * 12 + month.month


def _fixed_trend(
    cell: Cell, found: Mapping[date, Resampled | None], panel: _Panel, parameters: DecentralisationParameters
) -> dict[str, Any]:
    measured = {month: each for month, each in sorted(found.items()) if each is not None and np.isfinite(each.hill_2[0])}
    members = panel.base.account.size if cell[1] == EVERY else int((panel.base.niche == cell[1]).sum())
    row = _named(cell, FIXED) | {"panel_month": panel.base_month, "panel_account_count": members}
    steps = np.array([_number(month) for month in measured], dtype=np.int64)

    def of(values: list[Floats]) -> Slope:
        stacked = np.array(values).reshape(len(values), parameters.bootstrap_count + 1)
        return slope(steps, stacked[:, 0], parameters.trends, stacked[:, 1:].T)

    slopes_found = {
        "hill_2_slope": of([np.log(each.hill_2) for each in measured.values()]),
        "hill_1_slope": of([np.log(each.hill_1) for each in measured.values()]),
        "micro_share_slope": of([each.micro_share for each in measured.values()]),
    }
    return row | _told(list(measured), slopes_found, "too_few_accounts" if members < parameters.smallest_account_count else None)


def _told(months: list[date], found: Mapping[str, Slope], reason: str | None) -> dict[str, Any]:
    """Slopes with their direction, or why there is none."""
    headline = found["hill_2_slope"]
    if reason is None and not (np.isfinite(headline.value) and np.isfinite(headline.low)):
        reason = "too_few_months"
    direction = {1: "decentralising", -1: "concentrating", 0: "none"}[headline.sign]
    row: dict[str, Any] = {
        "first_month": min(months, default=None),
        "last_month": max(months, default=None),
        "month_count": len(months),
        "direction": "abstained" if reason else direction,
        "abstain_reason": reason,
    }
    for name, each in found.items():
        row |= _ends(name, each)
    return row


def _open_trends(rows: Rows, parameters: DecentralisationParameters) -> Rows:
    """Slopes of the open panel, for reading beside the fixed one: more accounts are more effective accounts, so nothing is claimed."""
    series: dict[Cell, Rows] = {}
    for row in rows:
        series.setdefault((row["platform"], row["niche_id"], row["resource"]), []).append(row)
    found = []
    for cell, own in sorted(series.items()):
        told = sorted((row for row in own if row["hill_2"] is not None), key=lambda row: row["month"])
        steps = np.array([_number(row["month"]) for row in told], dtype=np.int64)
        values = {
            name: np.array([np.nan if row[name] is None else row[name] for row in told], dtype=np.float64)
            for name in ("hill_2", "hill_1", "micro_share")
        }
        slopes_found = {
            "hill_2_slope": slope(steps, np.log(values["hill_2"]), parameters.trends),
            "hill_1_slope": slope(steps, np.log(values["hill_1"]), parameters.trends),
            "micro_share_slope": slope(steps, values["micro_share"], parameters.trends),
        }
        reason = "open_panel" if np.isfinite(slopes_found["hill_2_slope"].value) else "too_few_months"
        found.append(_named(cell, OPEN) | _told([row["month"] for row in told], slopes_found, reason))
    return found


def analyse_decentralisation(
    partitions: Mapping[date, Partition[pa.Table]],
    assignments: pa.Table,
    coverage_months: pa.Table,
    niche_hashes: Mapping[date, str],
    parameters: DecentralisationParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
) -> Analysis:
    """Measure how attention is spread over accounts, in every month of the open panel and in the last months of a fixed one.

    A month of the open panel hangs on its own rows, niches and coverage alone; the fixed panel and the trends hang on the months of
    the window. What hangs on nothing that changed is taken from what was stored, and not loaded.

    Args:
        partitions: By month, ``int_account_attention_months``.
        assignments: ``niche_assignments`` of all months.
        coverage_months: ``int_coverage_months``.
        niche_hashes: By month, what changes with the niches of the month.
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.

    Returns:
        ``decentralisation_months`` and ``decentralisation_trends``; and the state.
    """
    parameters = parameters or DecentralisationParameters()
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    coverage = Coverage.of(coverage_months)
    salt = method_digest(parameters)
    hashes = {
        month: digest(salt, partitions[month].content_hash, niche_hashes.get(month), coverage.of_month(month))
        for month in sorted(partitions)
    }
    window = list(hashes)[-(parameters.window_month_count + 2) :]
    window_hash = digest(salt, *(f"{month} {hashes[month]}" for month in window))
    schemas = decentralisation_contracts.STATE
    old = {name: stored_table(stored, name, schema) for name, schema in schemas.items()}
    known = dict(zip(*(old["decentralisation"][name].to_pylist() for name in ("scope", "input_hash")), strict=True))
    is_known_window = known.get(_WINDOW) == window_hash

    assigned = by_month(assignments)
    loaded: dict[date, _Month] = {}

    def read(month: date) -> _Month:
        if month not in loaded:
            loaded[month] = _read_month(partitions[month].load(), assigned.get(month, assignments.slice(0, 0)))
        return loaded[month]

    schema = schemas["decentralisation_months"]
    kept = old["decentralisation_months"]
    parts, computed = [schema.empty_table()], 0
    open_old = by_month(kept.filter(pc.equal(kept["panel"], OPEN)))
    for month, input_hash in hashes.items():
        if known.get(month.isoformat()) == input_hash:
            parts.append(open_old.get(month, schema.empty_table()))
        else:
            parts.append(_table(_open_rows(month, read(month), coverage, parameters), schema, stamp))
            computed += 1
            if month not in window:
                del loaded[month]
    if is_known_window:
        parts.append(kept.filter(pc.equal(kept["panel"], FIXED)))
        trends = old["decentralisation_trends"]
    else:
        open_rows = pa.concat_tables(parts)
        recent = open_rows.filter(pc.is_in(open_rows["month"], pa.array(window[-parameters.window_month_count :], pa.date32())))
        rows, told = _fixed_rows({month: read(month) for month in window}, coverage, parameters)
        parts.append(_table(rows, schema, stamp))
        trends = _table([*told, *_open_trends(recent.to_pylist(), parameters)], schemas["decentralisation_trends"], stamp)
    cell = ["platform", "niche_id", "resource", "panel"]
    tables = {
        "decentralisation_months": joined(parts, ["month", *cell]),
        "decentralisation_trends": joined([trends], cell),
    }
    scopes = {month.isoformat(): value for month, value in hashes.items()} | {_WINDOW: window_hash}
    state = pa.table({"scope": list(scopes), "input_hash": list(scopes.values())}, schema=schemas["decentralisation"])
    return Analysis(
        tables,
        {"decentralisation": state, **tables},
        {"decentralisation_months": computed, "decentralisation_windows": int(not is_known_window)},
    )


def measure_decentralisation(
    attention_months: pa.Table,
    assignments: pa.Table,
    coverage_months: pa.Table,
    parameters: DecentralisationParameters | None = None,
) -> dict[str, pa.Table]:
    """Measure whole exchange tables anew; see :func:`analyse_decentralisation`."""

    def of_month(month: date) -> pa.Table:
        return attention_months.filter(pc.equal(attention_months["month"], pa.scalar(month, pa.date32())))

    months = sorted(set(attention_months["month"].to_pylist()))
    partitions = {month: Partition("", partial(of_month, month)) for month in months}
    return analyse_decentralisation(partitions, assignments, coverage_months, {}, parameters).tables
