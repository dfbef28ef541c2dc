"""Engagement by account and month, rows in and rows out: bands of age, reasons for no rate, months that did not change. No estimator, no I/O."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.analysis.engagement_contracts import CREATOR_ENGAGEMENT, STATE_ENGAGEMENT_MONTHS
from pipelines.analysis.engagement_parameters import EngagementParameters
from pipelines.analysis.engagement_peers import estimate
from pipelines.analysis.engagement_shrinkage import Posts
from pipelines.analysis.increments import Analysis, Partition, digest, row_hashes, stored_table
from pipelines.analysis.parameters import params_hash

METHOD_VERSION: Final = "engagement_negative_binomial_1"
ANY_AGE: Final = "any"
NO_COUNTER, NO_DENOMINATOR, AGE_UNMATCHED, TOO_FEW_PEERS = "no_counter", "no_denominator", "age_unmatched", "too_few_peers"
Floats = NDArray[np.float64]
_PLACES: Final = 9


def _chosen_band(counts: Mapping[str, int], parameters: EngagementParameters) -> str | None:
    """The band that a platform's accounts are compared in: the reference where it rates enough posts, else the one that rates most."""
    if not counts:
        return None
    most = max(counts.values())
    if counts.get(parameters.reference_band, 0) >= parameters.reference_share * most:
        return parameters.reference_band
    places = {name: place for place, (name, _) in enumerate(parameters.age_bands)}
    # Of bands that rate equally many the later one: its counters have grown more.
    return max(counts, key=lambda name: (counts[name], places[name]))


def _reason(totals: Mapping[str, Any], age_unmatched: int) -> str:
    """What keeps most posts of an account from being rated."""
    reasons = {
        NO_COUNTER: totals["no_counter_post_count"],
        NO_DENOMINATOR: totals["no_denominator_post_count"],
        AGE_UNMATCHED: age_unmatched,
    }
    return max(reasons, key=lambda name: reasons[name])


def _cell_rows(rows: list[dict[str, Any]], parameters: EngagementParameters) -> list[dict[str, Any]]:
    """Derived rows of one platform, month and basis."""
    counts: dict[str, int] = {}
    for row in rows:
        if row["age_band"] != ANY_AGE:
            counts[row["age_band"]] = counts.get(row["age_band"], 0) + row["post_count"]
    band = _chosen_band(counts, parameters)
    rated = {row["account_key"]: row for row in rows if row["age_band"] == band}
    totals = sorted((row for row in rows if row["age_band"] == ANY_AGE), key=lambda row: str(row["account_key"]))
    made: list[dict[str, Any]] = []
    for total in totals:
        own = rated.get(total["account_key"], {})
        count = own.get("post_count", 0)
        unrated = total["post_count"] - count
        age_unmatched = unrated - total["no_counter_post_count"] - total["no_denominator_post_count"]
        made.append(
            {name: total[name] for name in ("month", "platform", "account_key", "basis", "tier", "followers_count")}
            | {name: total[name] for name in ("no_counter_post_count", "no_denominator_post_count")}
            | {name: own.get(name, 0) for name in ("like_count", "engagement_count", "denominator_count")}
            | {"age_band": band, "rated_post_count": count, "unrated_post_count": unrated}
            | {"age_unmatched_post_count": age_unmatched, "peer_count": 0}
            | {"null_reason": None if count else _reason(total, age_unmatched)}
        )
    of_posts = [row for row in made if row["rated_post_count"]]
    if of_posts:
        _estimate_rows(of_posts, rated, parameters)
    return made


def _estimate_rows(made: list[dict[str, Any]], rated: Mapping[str, dict[str, Any]], parameters: EngagementParameters) -> None:
    """Put rates and what is estimated of them into rows with rated posts."""

    def column(name: str) -> Floats:
        return np.array([rated[row["account_key"]][name] for row in made], dtype=np.float64)

    names = ("post_count", "engagement_count", "denominator_count", "denominator_square_sum")
    posts = Posts(*(column(name) for name in (*names, "rate_sum", "rate_square_sum", "counting_variance_sum")))
    followers = np.array([np.nan if row["followers_count"] is None else row["followers_count"] for row in made], dtype=np.float64)
    cell = "|".join(str(made[0][name]) for name in ("platform", "month", "basis"))
    found = estimate(posts, [row["tier"] for row in made], followers, parameters.seed + zlib.crc32(cell.encode()), parameters)
    for place, row in enumerate(made):
        row["engagement_rate"] = row["engagement_count"] / row["denominator_count"]
        row["peer_count"] = int(found.peer_count[place])
        if found.stratum[place] is None:
            row["null_reason"] = TOO_FEW_PEERS
            continue
        values = {"engagement_rate_shrunk": found.shrunk, "engagement_rate_low": found.low, "engagement_rate_high": found.high}
        values |= {"peer_z": found.peer_z, "rate_percentile": found.percentile}
        row |= {name: _rounded(float(each[place])) for name, each in values.items()}
        row |= {"rank_low": int(found.rank_low[place]), "rank_high": int(found.rank_high[place])}
        row["stratum"] = found.stratum[place]


def _rounded(value: float) -> float | None:
    """So that the order of a sum does not show; rates are small, so significant digits are kept and not places."""
    return float(f"{value:.{_PLACES}g}") + 0.0 if np.isfinite(value) else None


def estimate_month(rows: pa.Table, parameters: EngagementParameters | None = None) -> pa.Table:
    """Estimate one month.

    Args:
        rows: ``int_account_engagement_months`` of one month, in any order.
        parameters: Defaults when None.

    Returns:
        ``creator_engagement`` of the month, ordered by platform, basis and account.
    """
    parameters = parameters or EngagementParameters()
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    cells: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows.to_pylist():
        cells.setdefault((row["platform"], row["basis"]), []).append(row)
    made = [row | stamp for cell in sorted(cells) for row in _cell_rows(cells[cell], parameters)]
    return pa.Table.from_pylist(made, schema=CREATOR_ENGAGEMENT)


def estimate_engagement(
    partitions: Mapping[date, Partition[pa.Table]],
    parameters: EngagementParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
) -> Analysis:
    """Estimate every month; a month whose rows are as they were is taken from what was stored.

    Args:
        partitions: By month, ``int_account_engagement_months``; a month is loaded only where its hash is new.
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.

    Returns:
        ``creator_engagement``, ordered by month; and the state.
    """
    parameters = parameters or EngagementParameters()
    salt = digest(METHOD_VERSION, params_hash(parameters))
    known = {row["month"]: row for row in stored_table(stored, "engagement_months", STATE_ENGAGEMENT_MONTHS).to_pylist()}
    old = stored_table(stored, "creator_engagement", CREATOR_ENGAGEMENT)
    months = np.asarray(old["month"].cast(pa.int32()).to_numpy())
    rows, made, computed = [], [CREATOR_ENGAGEMENT.empty_table()], 0
    for month in sorted(partitions):
        partition, last = partitions[month], known.get(month, {})
        partition_hash, found_hash, table = digest(salt, partition.content_hash), last.get("content_hash"), None
        if last.get("partition_hash") != partition_hash:
            table = partition.load()
            found_hash = digest(salt, *sorted(row_hashes(table, "platform", table.schema.names).items()))
        if table is None or last.get("content_hash") == found_hash:
            made.append(old.filter(pa.array(months == (month - date(1970, 1, 1)).days)))
        else:
            made.append(estimate_month(table, parameters))
            computed += 1
        rows.append({"month": month, "partition_hash": partition_hash, "content_hash": found_hash})
    joined = pa.concat_tables(made).combine_chunks()
    state = {"engagement_months": pa.Table.from_pylist(rows, schema=STATE_ENGAGEMENT_MONTHS), "creator_engagement": joined}
    return Analysis({"creator_engagement": joined}, state, {"engagement_months": computed})
