"""Months of disclosure and of parasocial indicators: counts of accounts put together to cells, corrected, with intervals, small cells held back.

Never a row of one account: what leaves here is of ten accounts or more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.stats import t as student

from pipelines.analysis import ethics_contracts as schemas
from pipelines.analysis import prevalence, suppression
from pipelines.analysis.increments import Analysis, Partition, by_month, digest, row_hashes, stored_table
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.prevalence import Accuracy
from pipelines.analysis.suppression import TOTAL, suppress

METHOD_VERSION: Final = f"ethics_months_2+{prevalence.METHOD_VERSION}+{suppression.METHOD_VERSION}"
WITHOUT_NICHE: Final = "none"
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_DIMENSIONS: Final = ("platform", "tier", "niche_id")
# What is broken down by what; in all other dimensions it is the total.
_CUTS: Final = (("platform", "tier"), ("platform",), ("tier",), (), ("niche_id",))
_PARASOCIAL_CUTS: Final = (("platform", "tier"), ("platform",), ("tier",), ())
_DECIMALS: Final = 9
_HALF: Final = 0.5
NO_ACCURACY, WEAK_CLASSIFIER, NO_COMMERCIAL_POSTS = "no_accuracy", "weak_classifier", "no_commercial_posts"
_DISCLOSED, _UNDISCLOSED, _ORGANIC = "disclosed", "undisclosed", "organic"


@dataclass(frozen=True)
class EthicsParameters:
    """Parameters of both tables.

    Attributes:
        smallest_account_count: k: a cell of fewer accounts is held back.
        smallest_post_count: A cell of parasocial indicators with fewer posts is held back.
        smallest_pair_count: Creators with posts of both kinds from which engagement is compared.
        interval_probability: Of all intervals.
    """

    smallest_account_count: int = 10
    smallest_post_count: int = 20
    smallest_pair_count: int = 10
    interval_probability: float = 0.9


@dataclass(frozen=True)
class EthicsTables:
    """One month's exchange rows: ``int_disclosure_months`` and ``int_parasocial_months``."""

    disclosure: pa.Table
    parasocial: pa.Table


EthicsPartition = Partition[EthicsTables]


def analyse_ethics_months(
    partitions: Mapping[date, EthicsPartition],
    niche_assignments: pa.Table,
    accuracy: Accuracy | None,
    parameters: EthicsParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
) -> Analysis:
    """Make both tables of every month; months whose input is as it was are taken from the last call.

    Args:
        partitions: By month, all that there are.
        niche_assignments: The derived table; gives the niche of an account in its month.
        accuracy: Of the classifier of commercial posts that nothing discloses; None: not measured, so nothing is corrected.
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.

    Returns:
        ``disclosure_months`` and ``parasocial_months`` in their contracts' schemas, ordered by key; and the state.
    """
    parameters = parameters or EthicsParameters()
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    salt = digest(METHOD_VERSION, stamp["params_hash"], accuracy)
    niches = by_month(niche_assignments)
    old = {name: stored_table(stored, name, schema) for name, schema in schemas.STATE.items()}
    known = {row["month"]: row["input_hash"] for row in old["ethics_months"].to_pylist()}
    made: dict[str, list[pa.Table]] = {name: [schema.empty_table()] for name, schema in schemas.DERIVED.items()}
    kept = {name: by_month(old[name]) for name in made}
    months, computed = [], 0
    for month in sorted(partitions):
        of_niches = niches.get(month, niche_assignments.slice(0, 0))
        input_hash = digest(
            salt, partitions[month].content_hash, *sorted(row_hashes(of_niches, "platform", ["niche_id", "account_key"]).items())
        )
        months.append({"month": month, "input_hash": input_hash})
        if known.get(month) == input_hash:
            for name, parts in made.items():
                parts.append(kept[name].get(month, old[name].slice(0, 0)))
            continue
        tables = partitions[month].load()
        rows = {
            "disclosure_months": disclosure_rows(tables.disclosure, of_niches, accuracy, parameters),
            "parasocial_months": parasocial_rows(tables.parasocial, parameters),
        }
        for name, found in rows.items():
            made[name].append(
                pa.Table.from_pylist([{"month": month, **stamp, **row} for row in found], schema=schemas.DERIVED[name])
            )
        computed += 1
    joined = {name: pa.concat_tables(parts).combine_chunks() for name, parts in made.items()}
    state = pa.Table.from_pylist(months, schema=schemas.STATE_ETHICS_MONTHS)
    return Analysis(joined, {"ethics_months": state, **joined}, {"ethics_months": computed})


@dataclass(frozen=True)
class _Cells:
    """Sums by cell, in the order of the keys."""

    keys: list[tuple[str, ...]]
    sums: dict[str, Floats]

    def __getitem__(self, name: str) -> Floats:
        return self.sums[name]


def _cells(rows: pa.Table, dimensions: tuple[str, ...], cuts: tuple[tuple[str, ...], ...], more: tuple[str, ...] = ()) -> _Cells:
    """Put rows of accounts together by every cut.

    Args:
        rows: With the dimensions, account_key and numbers.
        dimensions: Of the key.
        cuts: Which dimensions are kept apart.
        more: Further columns of the key that are always kept apart.
    """
    numbers = [name for name in rows.column_names if name not in {*dimensions, *more, "account_key"}]
    found: dict[tuple[str, ...], list[float]] = {}
    for cut in cuts:
        kept = [*cut, *more]
        grouped = rows.group_by(kept, use_threads=False).aggregate(
            [("account_key", "count_distinct"), ("account_key", "count"), *((name, "sum") for name in numbers)]
        )
        if not grouped.num_rows:
            continue
        columns = {name: grouped[name].to_pylist() for name in kept}
        values = zip(*(grouped[f"{name}_{how}"].to_pylist() for name, how in _asked(numbers)), strict=True)
        for place, row in enumerate(values):
            key = tuple(columns[name][place] if name in kept else TOTAL for name in (*dimensions, *more))
            # Of no rows at all, the grand total is no cell.
            if row[1]:
                found[key] = [float(value) for value in row]
    keys = sorted(found)
    names = ["account_count", "row_count", *numbers]
    table = np.array([found[key] for key in keys], dtype=np.float64).reshape(len(keys), len(names))
    return _Cells(keys, {name: table[:, place] for place, name in enumerate(names)})


def _asked(numbers: list[str]) -> list[tuple[str, str]]:
    return [("account_key", "count_distinct"), ("account_key", "count"), *((name, "sum") for name in numbers)]


def _with_squares(rows: pa.Table, pairs: Mapping[str, tuple[Floats, Floats]]) -> pa.Table:
    """Add what the variance of a ratio of sums needs: for each pair of hits and size their squares and product."""
    for name, (hits, sizes) in pairs.items():
        for suffix, values in (("hits_2", hits * hits), ("product", hits * sizes), ("size_2", sizes * sizes)):
            rows = rows.append_column(f"{name}_{suffix}", pa.array(values))
    return rows


def _numbers(rows: pa.Table, name: str) -> Floats:
    return np.asarray(rows[name].to_numpy(), dtype=np.float64)


def _log_ratios(rows: pa.Table, name: str, one: str, other: str) -> pa.Table:
    """Add each row's log ratio of two engagement rates, its square and whether there is one.

    Half an engagement is added on both sides, so that a row without any is no infinite ratio.
    """
    rates = []
    for kind in (one, other):
        followers = _numbers(rows, f"{kind}_follower_count")
        with np.errstate(divide="ignore", invalid="ignore"):
            rates.append(np.where(followers > 0, (_numbers(rows, f"{kind}_engagement_count") + _HALF) / followers, np.nan))
    logs = np.log(rates[0]) - np.log(rates[1])
    is_pair = np.isfinite(logs)
    logs = np.where(is_pair, np.round(logs, _DECIMALS), 0.0)
    for suffix, values in (("pairs", is_pair.astype(float)), ("logs", logs), ("logs_2", logs * logs)):
        rows = rows.append_column(f"{name}_{suffix}", pa.array(values))
    return rows


def _summed_engagement(rows: pa.Table) -> pa.Table:
    """Add the engagement of all commercial posts."""
    for column in ("engagement_count", "follower_count"):
        both = pc.add(rows[f"{_DISCLOSED}_{column}"], rows[f"{_UNDISCLOSED}_{column}"])
        rows = rows.append_column(f"paid_{column}", both)
    return rows


def _with_niches(rows: pa.Table, assignments: pa.Table) -> pa.Table:
    pairs = zip(*(assignments[name].to_pylist() for name in ("platform", "account_key", "niche_id")), strict=True)
    niche_of = {(platform, account): niche for platform, account, niche in pairs if niche is not None}
    accounts = zip(rows["platform"].to_pylist(), rows["account_key"].to_pylist(), strict=True)
    return rows.append_column("niche_id", pa.array([niche_of.get(account, WITHOUT_NICHE) for account in accounts], pa.string()))


def disclosure_rows(
    accounts: pa.Table, assignments: pa.Table, accuracy: Accuracy | None, parameters: EthicsParameters
) -> list[dict[str, Any]]:
    """Make a month's rows of ``disclosure_months``, without month and stamp.

    Args:
        accounts: ``int_disclosure_months`` of the month.
        assignments: ``niche_assignments`` of the month.
        accuracy: Of the classifier; None or useless: no rate is given.
        parameters: The parameters.
    """
    if not accounts.num_rows:
        return []
    rows = _with_niches(accounts.drop_columns(["month"]), assignments)
    rows = _summed_engagement(rows)
    rows = _log_ratios(rows, "paid", "paid", _ORGANIC)
    rows = _log_ratios(rows, "cost", _DISCLOSED, _UNDISCLOSED)
    clear = _numbers(rows, "label_count") + _numbers(rows, "clear_text_count")
    disclosed = clear + _numbers(rows, "ambiguous_count")
    flagged = _numbers(rows, "flagged_count")
    silent = _numbers(rows, "post_count") - disclosed
    rows = _with_squares(rows, {"silent": (flagged, silent), "clear": (clear, disclosed + flagged)})
    cells = _cells(rows, _DIMENSIONS, _CUTS, ("ruleset",))
    is_hidden = _hidden_of_rulesets(cells, parameters)
    return _disclosure_columns(cells, is_hidden, accuracy, parameters)


def _hidden_of_rulesets(cells: _Cells, parameters: EthicsParameters) -> Flags:
    """Rule sets have the same accounts, so the same cells are held back: each is looked at by itself."""
    is_hidden = np.zeros(len(cells.keys), dtype=bool)
    for ruleset in sorted({key[-1] for key in cells.keys}):
        places = [place for place, key in enumerate(cells.keys) if key[-1] == ruleset]
        counts = [int(cells["account_count"][place]) for place in places]
        is_hidden[places] = suppress([cells.keys[place][:-1] for place in places], counts, parameters.smallest_account_count)
    return is_hidden


def _shrunk(cells: _Cells, is_hidden: Flags, hits: Floats, sizes: Floats) -> Floats:
    """Clear rates drawn to those of the other cells of the rule set; what is held back tells nothing."""
    found = np.full(len(cells.keys), np.nan)
    for ruleset in sorted({key[-1] for key in cells.keys}):
        of_set = np.array([key[-1] == ruleset for key in cells.keys])
        is_part = np.array([TOTAL not in key[:2] for key in cells.keys])
        pool = of_set & is_part & ~is_hidden & np.isfinite(hits) & np.isfinite(sizes)
        alpha, beta = prevalence.beta_prior(hits[pool], sizes[pool])
        found[of_set] = (hits[of_set] + alpha) / (sizes[of_set] + alpha + beta)
    return found


def _disclosure_columns(
    cells: _Cells, is_hidden: Flags, accuracy: Accuracy | None, parameters: EthicsParameters
) -> list[dict[str, Any]]:
    clear = cells["label_count"] + cells["clear_text_count"]
    disclosed = clear + cells["ambiguous_count"]
    flagged, silent = cells["flagged_count"], cells["post_count"] - disclosed
    with np.errstate(divide="ignore", invalid="ignore"):
        if accuracy is not None and accuracy.is_usable:
            effects = prevalence.design_effect(
                cells["silent_hits_2"], cells["silent_product"], cells["silent_size_2"], flagged, silent, cells["row_count"]
            )
            hidden = prevalence.corrected_share(flagged, silent, effects, accuracy, parameters.interval_probability)
            # Where every post is disclosed, none is left to be commercial without saying so.
            undisclosed, low, high, error = (
                np.where(silent > 0, np.where(hidden.is_uninformative, np.nan, values * silent), 0.0)
                for values in (hidden.share, hidden.low, hidden.high, hidden.standard_error)
            )
        else:
            undisclosed = low = high = error = np.full(len(cells.keys), np.nan)
        commercial = disclosed + undisclosed
        clear_rate = clear / commercial
        clear_effects = prevalence.design_effect(
            cells["clear_hits_2"], cells["clear_product"], cells["clear_size_2"], clear, disclosed + flagged, cells["row_count"]
        )
        variance = clear_rate * (1 - clear_rate) / commercial * clear_effects + (clear / commercial**2 * error) ** 2
        clear_low, clear_high = prevalence.ratio_interval(clear_rate, variance, parameters.interval_probability)
        paid = _paired(cells, "paid", parameters)
        cost = _paired(cells, "cost", parameters)
        columns: dict[str, Floats] = {
            "undisclosed_estimate_count": undisclosed,
            "commercial_estimate_count": commercial,
            "clear_rate": clear_rate,
            "clear_low": clear_low,
            "clear_high": clear_high,
            "clear_rate_shrunk": np.where(commercial > 0, _shrunk(cells, is_hidden, clear, commercial), np.nan),
            "ambiguous_rate": cells["ambiguous_count"] / commercial,
            "undisclosed_rate": undisclosed / commercial,
            "undisclosed_low": low / (disclosed + low),
            "undisclosed_high": high / (disclosed + high),
            "naive_undisclosed_rate": flagged / (disclosed + flagged),
            "before_fold_share": cells["before_fold_count"] / cells["placed_count"],
            "label_share": cells["label_count"] / clear,
            "paid_engagement_ratio": paid[0],
            "paid_engagement_low": paid[1],
            "paid_engagement_high": paid[2],
            "engagement_cost_of_disclosure": 1 - cost[0],
            "engagement_cost_low": 1 - cost[2],
            "engagement_cost_high": 1 - cost[1],
        }
    for name in ("undisclosed_low", "undisclosed_high"):
        # Without any disclosed post a share of nothing is no limit: the estimate itself is 0 of 0, or all.
        columns[name] = np.where(np.isfinite(columns["undisclosed_rate"]), np.nan_to_num(columns[name], nan=0.0), np.nan)
    counts = ("account_count", "post_count", "label_count", "ambiguous_count", "flagged_count")
    rows = []
    for place, key in enumerate(cells.keys):
        row: dict[str, Any] = dict(zip((*_DIMENSIONS, "ruleset"), key, strict=True)) | {"is_suppressed": bool(is_hidden[place])}
        if is_hidden[place]:
            rows.append(row | {"null_reason": "suppressed"})
            continue
        row |= {name: int(cells[name][place]) for name in counts} | {"clear_count": int(clear[place])}
        row |= {"paid_pair_count": int(cells["paid_pairs"][place]), "disclosed_pair_count": int(cells["cost_pairs"][place])}
        row |= {name: _rounded(values[place]) for name, values in columns.items()}
        if row["clear_rate"] is None:
            is_estimated = bool(np.isfinite(commercial[place]))
            row["null_reason"] = NO_COMMERCIAL_POSTS if is_estimated else _why_not_estimated(accuracy)
        rows.append(row)
    return rows


def _why_not_estimated(accuracy: Accuracy | None) -> str:
    return WEAK_CLASSIFIER if accuracy is not None and accuracy.is_measured else NO_ACCURACY


def _paired(cells: _Cells, name: str, parameters: EthicsParameters) -> tuple[Floats, Floats, Floats]:
    """Geometric mean of creators' own ratios with the interval of its logarithm (Student); NaN below the smallest number of pairs."""
    pairs = cells[f"{name}_pairs"]
    enough = pairs >= max(parameters.smallest_pair_count, 2)
    mean = np.where(enough, cells[f"{name}_logs"] / pairs, np.nan)
    variance = np.maximum(cells[f"{name}_logs_2"] - pairs * mean**2, 0.0) / (pairs - 1)
    reach = student.ppf(0.5 + parameters.interval_probability / 2, np.maximum(pairs - 1, 1)) * np.sqrt(variance / pairs)
    return np.exp(mean), np.exp(mean - reach), np.exp(mean + reach)


def _rounded(value: float) -> float | None:
    return round(float(value), _DECIMALS) if np.isfinite(value) else None


def parasocial_rows(accounts: pa.Table, parameters: EthicsParameters) -> list[dict[str, Any]]:
    """Make a month's rows of ``parasocial_months``, without month and stamp.

    Args:
        accounts: ``int_parasocial_months`` of the month.
        parameters: The parameters.
    """
    if not accounts.num_rows:
        return []
    rows = accounts.drop_columns(["month"])
    tokens = _numbers(rows, "token_count")
    rows = _with_squares(rows, {name: (_numbers(rows, f"{name}_count"), tokens) for name in schemas.INDICATORS})
    dimensions = ("platform", "tier")
    cells = _cells(rows, dimensions, _PARASOCIAL_CUTS)
    counts = [int(count) for count in cells["account_count"]]
    is_hidden = suppress(
        cells.keys, counts, parameters.smallest_account_count, cells["post_count"] < parameters.smallest_post_count
    )
    reach = float(student.ppf(0.5 + parameters.interval_probability / 2, 1e9))
    found = []
    for place, key in enumerate(cells.keys):
        row: dict[str, Any] = dict(zip(dimensions, key, strict=True)) | {"is_suppressed": bool(is_hidden[place])}
        if not is_hidden[place]:
            row |= {name: int(cells[name][place]) for name in ("account_count", "post_count", "token_count")}
            for name in schemas.INDICATORS:
                row |= _per_thousand(cells, place, name, reach)
        found.append(row)
    return found


def _per_thousand(cells: _Cells, place: int, name: str, reach: float) -> dict[str, Any]:
    """An indicator's ratio of sums per 1,000 tokens, with the linearised interval over accounts."""
    hits, tokens, clusters = (float(cells[column][place]) for column in (f"{name}_count", "token_count", "row_count"))
    row: dict[str, Any] = {f"{name}_count": int(hits)}
    if tokens <= 0:
        return row
    rate = hits / tokens
    spread = (
        cells[f"{name}_hits_2"][place] - 2 * rate * cells[f"{name}_product"][place] + rate**2 * cells[f"{name}_size_2"][place]
    )
    error = float(np.sqrt(max(float(spread), 0.0) * clusters / max(clusters - 1, 1))) / tokens
    low, high = max(rate - reach * error, 0.0), rate + reach * error
    return row | {
        f"{name}_{column}": round(1000 * value, _DECIMALS) for column, value in (("rate", rate), ("low", low), ("high", high))
    }
