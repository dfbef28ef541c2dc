"""Relational influence of accounts by month: who answers, who comes back, how deep it goes, how soon. No simulation, no I/O, no SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.analysis import beta_binomial, product_limit
from pipelines.analysis.beta_binomial import Counts, Shares, fit_prior, posterior
from pipelines.analysis.increments import Analysis, Partition, by_month, digest, stored_table
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.product_limit import product_limit as curves_of
from pipelines.analysis.product_limit import quantile_hours, quantile_interval_hours
from pipelines.analysis.relational_contracts import CREATOR_RELATIONS, STATE

METHOD_VERSION: Final = "relational_1"
EXCHANGE_TABLES: Final = ("int_relation_months", "int_response_months")
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
_ROUNDED: Final = 9
_NO_TIER: Final = "unknown"


@dataclass(frozen=True)
class RelationTables:
    """One month: ``int_relation_months`` and ``int_response_months``."""

    relations: pa.Table
    responses: pa.Table


RelationPartition = Partition[RelationTables]


@dataclass(frozen=True)
class RelationParameters:
    """Parameters of relational influence; the first three are applied where dbt makes the exchange models.

    Attributes:
        answer_days: A reply to an account's post is answered if the account replies to it within so many days; younger replies are not judged.
        horizon_days: Answers and threads are followed for so long.
        deepest_level: Threads are followed down so many replies.
        bins_per_doubling: Bins of response times to a doubling of the minutes.
        smallest_stratum_count: Accounts with trials below which a tier of a platform is shrunk together with the whole platform.
        smallest_capture_ratio: Of comments, or of an account's posts; below it nothing is told.
        smallest_reported_count: Reported comments below which their capture is not judged.
        smallest_addressed_count: Replies of which it shows whether what they answer was found, below which the capture of answers is not judged.
        smallest_inbound_count: Inbound replies below which there is no index and no response time.
        smallest_answer_count: Answers below which there is no median time of answers.
        smallest_cell_count: Accounts below which z-scores are taken over the platform, and below which there are none; the same
            number of others is needed to say what is expected at a volume.
        smallest_part_count: Parts that an index needs.
        interval_level: Of reported intervals.
    """

    answer_days: int = 7
    horizon_days: int = 28
    deepest_level: int = 200
    bins_per_doubling: int = 4
    smallest_stratum_count: int = 10
    smallest_capture_ratio: float = 0.5
    smallest_reported_count: int = 5
    smallest_addressed_count: int = 30
    smallest_inbound_count: int = 5
    smallest_answer_count: int = 5
    smallest_cell_count: int = 10
    smallest_part_count: int = 2
    interval_level: float = 0.90


def method_digest(parameters: RelationParameters) -> str:
    """Changes with whatever the derived rows hang on besides their input."""
    versions = (METHOD_VERSION, beta_binomial.METHOD_VERSION, product_limit.METHOD_VERSION)
    return digest(*versions, params_hash(parameters))


def analyse_relations(
    partitions: Mapping[date, RelationPartition],
    parameters: RelationParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
) -> Analysis:
    """Measure the relations of every account that publishes, month by month.

    A month hangs on its own rows alone: what was stored of a month that did not change is taken again.

    Args:
        partitions: By month, all that there are; a month is loaded only where its hash is new.
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.

    Returns:
        ``creator_relations``, ordered by month, platform and account; and the state.
    """
    parameters = parameters or RelationParameters()
    salt = method_digest(parameters)
    old = {name: stored_table(stored, name, STATE[name]) for name in STATE}
    known = {row["month"]: row["partition_hash"] for row in old["relation_months"].to_pylist()}
    kept = by_month(old["creator_relations"])
    rows, made, computed = [], [CREATOR_RELATIONS.empty_table()], 0
    for month in sorted(partitions):
        partition_hash = digest(salt, partitions[month].content_hash)
        if known.get(month) == partition_hash:
            made.append(kept.get(month, CREATOR_RELATIONS.empty_table()))
        else:
            made.append(month_relations(partitions[month].load(), parameters))
            computed += 1
        rows.append({"month": month, "partition_hash": partition_hash})
    found = pa.concat_tables(made).combine_chunks()
    months = pa.Table.from_pylist(rows, schema=STATE["relation_months"])
    return Analysis(
        {"creator_relations": found}, {"relation_months": months, "creator_relations": found}, {"relation_months": computed}
    )


def month_relations(tables: RelationTables, parameters: RelationParameters) -> pa.Table:
    """The derived rows of one month.

    Args:
        tables: Rows of one month, in any order.
        parameters: Of the method.
    """
    keys = [("month", "ascending"), ("platform", "ascending"), ("account_key", "ascending")]
    rows = tables.relations.take(pc.sort_indices(tables.relations, keys)).combine_chunks()
    if not rows.num_rows:
        return CREATOR_RELATIONS.empty_table()
    month = _Month(rows, parameters)
    columns: dict[str, Any] = {name: rows[name] for name in rows.schema.names if name in CREATOR_RELATIONS.names}
    columns |= month.capture()
    columns |= month.reply_back()
    columns |= month.partners_and_threads()
    columns |= month.response(tables.responses)
    columns |= month.index(columns)
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    return pa.table([_column(columns | stamp, field, rows.num_rows) for field in CREATOR_RELATIONS], schema=CREATOR_RELATIONS)


def _column(columns: Mapping[str, Any], field: pa.Field, count: int) -> Any:
    values = columns[field.name]
    if isinstance(values, str):
        return pa.repeat(values, count)
    if isinstance(values, np.ndarray) and pa.types.is_floating(field.type):
        return pa.array(np.round(values, _ROUNDED), field.type, mask=np.isnan(values))
    return pa.array(values.tolist(), field.type) if isinstance(values, np.ndarray) else values


def _ratio(one: Floats, other: Floats) -> Floats:
    """One over the other, NaN without a denominator."""
    return np.asarray(np.divide(one, other, out=np.full(one.size, np.nan), where=other > 0))


def _groups(labels: NDArray[np.object_]) -> tuple[list[str], Integers]:
    texts, codes = np.unique(labels.astype(str), return_inverse=True)
    return texts.tolist(), codes.astype(np.int64)


def _reasons(count: int, *told: tuple[Flags, str]) -> NDArray[np.object_]:
    """Of each unit the last reason that holds; None without one."""
    found = np.full(count, None, dtype=object)
    for holds, reason in told:
        found[holds] = reason
    return found


class _Month:
    """The accounts of one month, in the order of their keys, as arrays."""

    def __init__(self, rows: pa.Table, parameters: RelationParameters) -> None:
        self._rows, self._parameters = rows, parameters
        self._count = rows.num_rows
        platforms = np.array(rows["platform"].to_pylist(), dtype=object)
        tiers = np.array([tier or _NO_TIER for tier in rows["tier"].to_pylist()], dtype=object)
        self._platform = _groups(platforms)[1]
        self._stratum = _groups(np.array([f"{one}|{other}" for one, other in zip(platforms, tiers, strict=True)], dtype=object))[
            1
        ]

    def _number(self, name: str) -> Floats:
        """A column of counts; NaN for NULL."""
        return np.asarray(pc.cast(self._rows[name], pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)

    def _sum(self, values: Floats, code: Integers) -> Floats:
        """Sum over the group of each account."""
        return np.asarray(np.bincount(code, values, code.max() + 1)[code])

    def _strata(self, trials: Floats) -> Integers:
        """Tier of a platform; or the whole platform, for tiers of few accounts with trials."""
        count = self._sum((trials > 0).astype(float), self._stratum)
        is_small = count < self._parameters.smallest_stratum_count
        return np.where(is_small, self._stratum.max() + 1 + self._platform, self._stratum)

    def _shrunk(self, counts: Counts) -> Shares:
        """Shares, shrunk within their strata; a platform as a whole lends its prior to all its small tiers."""
        stratum = self._strata(counts.trials)
        found = [np.full(self._count, np.nan) for _ in range(3)]
        for code in np.unique(stratum).tolist():
            own = stratum == code
            lenders = self._platform == code - self._stratum.max() - 1 if code > self._stratum.max() else own
            told = posterior(fit_prior(counts.take(lenders)), counts.take(own), self._parameters.interval_level)
            for column, values in zip(found, (told.mean, told.low, told.high), strict=True):
                column[own] = values
        return Shares(*found)

    def capture(self) -> dict[str, Any]:
        """What of the comments and of the accounts' posts was collected, and whether it is enough."""
        parameters = self._parameters
        reported, captured = self._number("reported_comment_count"), self._number("captured_comment_count")
        comments = np.where(reported >= parameters.smallest_reported_count, _ratio(captured, reported), np.nan)
        addressed, found = self._number("addressed_count"), self._number("found_addressed_count")
        answers = np.full(self._count, np.nan)
        for code in (self._platform, self._stratum):
            total = self._sum(addressed, code)
            is_told = total >= parameters.smallest_addressed_count
            answers = np.where(is_told, _ratio(self._sum(found, code), total), answers)
        smallest = parameters.smallest_capture_ratio
        reason = _reasons(
            self._count, (answers < smallest, "answers_not_captured"), (comments < smallest, "comments_not_captured")
        )
        self.is_captured: Flags = np.array([each is None for each in reason], dtype=bool)
        self.answer_capture = np.where(self.is_captured & ~np.isnan(answers), answers, 1.0)
        reason[self.is_captured & (self._number("eligible_inbound_count") == 0)] = "no_eligible_inbound"
        return {"comment_capture_ratio": comments, "answer_capture_ratio": answers, "null_reason": reason}

    def _told(self, values: Floats, is_told: Flags) -> Floats:
        return np.where(is_told & self.is_captured, values, np.nan)

    def _share(self, name: str, hits: Floats, trials: Floats) -> dict[str, Any]:
        """A share with its shrunk value and interval, by its column's name."""
        is_told = (trials > 0) & self.is_captured
        told = self._shrunk(Counts(np.where(is_told, hits, 0.0), np.where(is_told, trials, 0.0), np.ones(self._count)))
        columns = {name: _ratio(hits, trials), f"{name}_shrunk": told.mean, f"{name}_low": told.low, f"{name}_high": told.high}
        return {key: self._told(values, is_told) for key, values in columns.items()}

    def reply_back(self) -> dict[str, Any]:
        """Share of inbound replies that were answered in time, and what is expected at the account's volume.

        Answers to the replies below one post come together, so replies count for fewer than they are. Of answers only those to
        be seen are seen: shrunk value, interval and expectation are of all answers, whatever share of them was captured.
        """
        hits, trials = self._number("answered_count"), self._number("eligible_inbound_count")
        seen = (trials > 0) & self.is_captured
        effective = np.where(seen, trials / self._design_effect(hits, trials, seen), 0.0)
        answered = np.where(seen, hits, 0.0) * np.where(seen, _ratio(effective, trials), 1.0)
        told = self._shrunk(Counts(answered, effective, self.answer_capture))
        expected = np.minimum(self._expected(hits, trials, seen) / self.answer_capture, 1.0)
        return {
            "reply_back_rate": self._told(_ratio(hits, trials), seen),
            "reply_back_rate_shrunk": self._told(told.mean, seen),
            "reply_back_rate_low": self._told(told.low, seen),
            "reply_back_rate_high": self._told(told.high, seen),
            "effective_inbound_count": self._told(effective, seen),
            "reply_back_rate_expected": self._told(expected, seen),
            "reply_back_rate_residual": self._told(told.mean - expected, seen),
        }

    def _design_effect(self, hits: Floats, trials: Floats, seen: Flags) -> Floats:
        """Kish's design effect of each account, with the platform's correlation of answers below one post.

        The correlation is by moments: by how much answered counts of posts vary beyond the binomial, over what they would vary
        by if answers below a post all went one way.
        """
        square, answered, product = (
            self._number(f"{name}") for name in ("eligible_square_sum", "answered_square_sum", "product_sum")
        )
        rate = _ratio(hits, trials)
        usable = seen & (trials > 1) & (square > trials)
        n = np.where(usable, trials, 2.0)
        variance = np.where(usable, hits * (trials - hits) / (n * (n - 1)), 0.0)
        excess = np.where(usable, answered - 2 * rate * product + rate**2 * square - variance * (n - square / n), 0.0)
        scale = np.where(usable, variance * (square - n) * (1 - square / n**2), 0.0)
        correlation = np.clip(_ratio(self._sum(excess, self._platform), self._sum(scale, self._platform)), 0.0, 1.0)
        correlation = np.where(np.isnan(correlation), 0.0, correlation)
        return np.asarray(1 + correlation * np.maximum(np.where(trials > 0, _ratio(square, trials), 1.0) - 1, 0.0))

    def _expected(self, hits: Floats, trials: Floats, seen: Flags) -> Floats:
        """Rate of the platform's other accounts of like volume: between two powers of two."""
        volume = np.where(seen, np.floor(np.log2(np.maximum(trials, 1.0))), -1).astype(np.int64)
        code = np.unique(self._platform * 100 + volume, return_inverse=True)[1].astype(np.int64)
        others = self._sum(seen.astype(float), code) - 1
        k, n = (np.where(seen, values, 0.0) for values in (hits, trials))
        expected = _ratio(self._sum(k, code) - k, self._sum(n, code) - n)
        return np.where(seen & (others >= self._parameters.smallest_cell_count), expected, np.nan)

    def partners_and_threads(self) -> dict[str, Any]:
        """Reciprocity, partners that come again, threads of three turns and more, depth."""
        partners, threads = self._number("partner_count"), self._number("thread_count")
        # Without partners the month before there is nothing to come back to.
        returnable = np.where(self._number("previous_partner_count") > 0, partners, 0.0)
        return {
            **self._share("reciprocity_ratio", self._number("mutual_partner_count"), partners),
            **self._share("repeat_partner_share", self._number("repeat_partner_count"), returnable),
            **self._share("deep_thread_share", self._number("deep_thread_count"), threads),
            "thread_depth_mean": self._told(_ratio(self._number("thread_depth_sum"), threads), threads > 0),
            "thread_depth_p90": self._told(self._number("thread_depth_p90"), threads > 0),
        }

    def response(self, responses: pa.Table) -> dict[str, Any]:
        """Times to the answer by the product-limit estimate; replies that were not answered are censored."""
        parameters = self._parameters
        place = {key: row for row, key in enumerate(zip(*self._keys(self._rows), strict=True))}
        unit = np.array([place.get(key, -1) for key in zip(*self._keys(responses), strict=True)], dtype=np.int64)
        bins, events, censored = (
            responses[name].to_numpy(zero_copy_only=False)[unit >= 0]
            for name in ("latency_bin", "answered_count", "censored_count")
        )
        unit = unit[unit >= 0]
        curves = curves_of(self._count, unit, bins.astype(np.int64), events.astype(float), censored.astype(float))
        answers = np.bincount(unit, events, self._count)
        followed = answers + np.bincount(unit, censored, self._count)
        is_told = self.is_captured & (followed >= parameters.smallest_inbound_count)
        median_share, quartile_share = (np.where(is_told, share * self.answer_capture, np.nan) for share in (0.5, 0.25))
        median, quartile = (
            quantile_hours(curves, share, parameters.bins_per_doubling) for share in (median_share, quartile_share)
        )
        low, high = quantile_interval_hours(curves, median_share, parameters.interval_level, parameters.bins_per_doubling)
        has_median = ~np.isnan(median)
        has_answers = is_told & (answers >= parameters.smallest_answer_count)
        half = np.where(has_answers, curves.final() / 2, np.nan)
        is_few = followed < parameters.smallest_inbound_count
        reasons = [
            _reasons(
                self._count,
                (np.isnan(quantile), "fewer_are_answered"),
                (is_few, "too_few_inbound"),
                (~self.is_captured, "not_captured"),
            )
            for quantile in (median, quartile)
        ]
        return {
            "followed_count": followed.astype(np.int64),
            "followed_answer_count": answers.astype(np.int64),
            "response_median_hours": median,
            "response_median_low_hours": np.where(has_median, low, np.nan),
            "response_median_high_hours": np.where(has_median, high, np.nan),
            "response_quartile_hours": quartile,
            "answer_median_hours": quantile_hours(curves, half, parameters.bins_per_doubling),
            "response_median_null_reason": reasons[0],
            "response_quartile_null_reason": reasons[1],
        }

    @staticmethod
    def _keys(rows: pa.Table) -> tuple[list[str], list[str]]:
        return rows["platform"].to_pylist(), rows["account_key"].to_pylist()

    def index(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Mean of the z-scores of the parts that there are, of accounts with replies enough: an order, not a quantity.

        Parts are taken as they were counted: a shrunk value enters no other estimator.
        """
        parameters = self._parameters
        has_inbound = self._number("inbound_count") >= parameters.smallest_inbound_count
        ranked = has_inbound & self.is_captured
        names = {
            "reply_back_z_score": "reply_back_rate",
            "reciprocity_z_score": "reciprocity_ratio",
            "repeat_partner_z_score": "repeat_partner_share",
            "deep_thread_z_score": "deep_thread_share",
        }
        scores = {name: self._z_scores(np.where(ranked, columns[part], np.nan)) for name, part in names.items()}
        stacked = np.vstack(list(scores.values()))
        parts = (~np.isnan(stacked)).sum(axis=0)
        has_index = parts >= parameters.smallest_part_count
        index = np.where(has_index, _ratio(np.nansum(stacked, axis=0), parts.astype(float)), np.nan)
        reason = _reasons(self._count, (~has_index, "too_few_parts"), (~has_inbound, "too_few_inbound"))
        reason[~self.is_captured] = columns["null_reason"][~self.is_captured]
        return {**scores, "part_count": parts.astype(np.int64), "broadcast_relational_index": index, "index_null_reason": reason}

    def _z_scores(self, values: Floats) -> Floats:
        """Against the accounts of the same platform and tier, or of the platform where these are few."""
        found = np.full(values.size, np.nan)
        has = ~np.isnan(values)
        known = np.where(has, values, 0.0)
        for code in (self._platform, self._stratum):
            count = self._sum(has.astype(float), code)
            mean = _ratio(self._sum(known, code), count)
            deviation = np.where(has, values - mean, 0.0)
            spread = np.sqrt(_ratio(self._sum(deviation**2, code), np.maximum(count - 1, 0)))
            is_usable = has & (count >= self._parameters.smallest_cell_count) & (spread > 10.0**-_ROUNDED)
            found = np.where(is_usable, deviation / np.where(is_usable, spread, 1.0), found)
        return found


def derive_relations(exchange: Mapping[str, pa.Table], parameters: RelationParameters | None = None) -> dict[str, pa.Table]:
    """Analyse the exchange tables anew; see :func:`analyse_relations`.

    Args:
        exchange: The tables ``EXCHANGE_TABLES`` by name, all months together.
        parameters: Defaults when None.
    """
    relations, responses = (exchange[name] for name in EXCHANGE_TABLES)

    def of(month: date) -> Callable[[], RelationTables]:
        def load() -> RelationTables:
            wanted = pa.scalar(month, pa.date32())
            return RelationTables(*(table.filter(pc.equal(table["month"], wanted)) for table in (relations, responses)))

        return load

    partitions = {month: Partition("", of(month)) for month in sorted(set(relations["month"].to_pylist()))}
    return analyse_relations(partitions, parameters).tables
