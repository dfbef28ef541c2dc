"""What origin sets, odds by group and niche pairs find in worlds without and with an origin: error rates, power, reliability. In memory only.

Usage: ``python -m tests.bench.origins [groups|pairs|sets] SEEDS``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.analysis import contracts, origin_contracts, precedence
from pipelines.analysis.increments import digest
from pipelines.analysis.mainstream_rows import gate_of
from pipelines.analysis.niche_precedence import analyse_niche_pairs, month_before_period
from pipelines.analysis.origin_groups import GroupParameters, choices, group_odds
from pipelines.analysis.origin_tables import OriginTableParameters, choice_row
from pipelines.analysis.origins import Coverage, Labels, OriginSetParameters, origin_set, tier_class
from pipelines.analysis.post_times import PostTimes
from pipelines.analysis.ripple_findings import pool_ripples
from pipelines.analysis.timeline import adoption_profile, best_adoption, capped, waits
from pipelines.analysis.trend_events import adopter_sample, events_of
from pipelines.analysis.trend_rows import TrendRows, partitioned, read_trends
from pipelines.analysis.trends import TrendParameters, analyse_trend_partitions, comparison_gate
from pipelines.world.calibration_rows import upper_bound
from pipelines.world.origin_trial import OriginTrial, run_origin_trial

NULLS: Final = (
    "W0_exchangeable",
    "W1_rate_confounded",
    "W1_rate_confounded_reversed",
    "W14_hours_and_bursts",
    "W10_collection_growth",
)
GROUPS: Final = ("brisk", "lively", "steady", "slow")
LEADER: Final = "lively"
_TILT: Final = 1.5
_HOUR: Final = 3_600_000_000
_TRENDS: Final = TrendParameters()


def dealt_groups(keys: list[str], posts: NDArray[np.float64], seed: int) -> dict[str, str]:
    """Groups dealt by chance, the brisker an account posts the likelier a brisk one: groups differ in rate and in nothing else.

    Args:
        keys: Account keys.
        posts: Posts of each before the trends.
        seed: Of the deal.
    """
    rng = np.random.default_rng(seed)
    place = np.argsort(np.argsort(posts + rng.random(posts.size) * 1e-3)) / max(posts.size - 1, 1)
    liking = _TILT * (place[:, None] * 2 - 1) * np.linspace(1, -1, len(GROUPS))[None, :]
    chosen = (liking + rng.gumbel(size=liking.shape)).argmax(axis=1)
    return {key: GROUPS[which] for key, which in zip(keys, chosen.tolist(), strict=True)}


def _activity(trends: list[TrendRows]) -> dict[str, float]:
    """Posts of each account in its busiest rate window."""
    found: dict[str, float] = {}
    for trend in trends:
        for key, posts in zip(trend.account_keys, trend.prior_posts.tolist(), strict=True):
            found[key] = max(found.get(key, 0.0), posts)
    return found


def shifted_earlier(trend: TrendRows, leaders: set[str], hours: float) -> TrendRows:
    """The trend as it would be had some accounts lived all of it earlier: posts, adoption and the post before it."""
    moved = np.array([key in leaders for key in trend.account_keys])
    step = np.where(moved, -hours, 0.0)
    adopted = trend.adopted + step
    born = float(adopted.min()) if adopted.size else 0.0
    posts = PostTimes(trend.posts.hours + np.repeat(step - born, trend.posts.counts), trend.posts.bounds)
    return replace(trend, adopted=adopted - born, previous=trend.previous + step - born, posts=posts)


def _chance(trends: list[TrendRows]) -> float:
    """p as the trend tables find it: from twelve trends, micro against large creators."""
    parameters = _TRENDS.timeline
    total, cap = None, parameters.adoption_group_cap
    for trend in sorted(trends, key=lambda each: digest("adoption sample", each.key))[: parameters.adoption_trend_cap]:
        groups = trend.groups()
        sides = [
            trend.timelines(groups[name], _TRENDS.smallest_exposure_days)
            for name in ("micro", "large_creators")
            if name in groups
        ]
        if len(sides) < 2 or len(sides[0]) < _TRENDS.smallest_lead_count or len(sides[1]) < _TRENDS.smallest_target_count:
            continue
        sides = [
            capped(side, cap, precedence.stable_seed(parameters.seed, trend.key, str(place))) for place, side in enumerate(sides)
        ]
        last = max(float(side.adopted_hours.max()) for side in sides)
        profile = adoption_profile(waits(sides[0], last, parameters), waits(sides[1], last, parameters), parameters)
        total = profile if total is None else total + profile
    return 0.5 if total is None else float(np.mean(best_adoption(total, parameters)))


def comparable(trial: OriginTrial) -> list[TrendRows]:
    """Trends that no gate holds."""
    return [trend for trend in read_trends(trial.tables) if comparison_gate(trend, _TRENDS) is None]


def first_niches(trial: OriginTrial) -> dict[str, str]:
    """Niche of each account before the calendar begins."""
    return trial.niches[min(trial.niches)]


def odds_of(
    trial: OriginTrial, trends: list[TrendRows], labels: dict[str, str], chance: float, parameters: OriginTableParameters
) -> list[dict[str, Any]]:
    """Odds of the groups that accounts are labelled with, over all trends of a world."""
    born = dict(
        zip(
            trial.tables.candidates["trend_key"].to_pylist(),
            trial.tables.candidates["born_at"].cast(pa.int64()).to_pylist(),
            strict=True,
        )
    )
    known, coverage = Labels(labels, {}), Coverage(trial.platform_days)
    rows = [choice_row(trend, born[trend.key], chance, known, coverage, parameters) | {"input_hash": ""} for trend in trends]
    table = pa.Table.from_pylist(rows, schema=origin_contracts.STATE_ORIGIN_CHOICES)
    return group_odds(choices(table, "niche"), events_of(_sampled(trends)), parameters.groups)


def _sampled(trends: list[TrendRows]) -> pa.Table:
    rows = [(trend.key, *trend.cohort, None, adopter_sample(trend.account_words)) for trend in trends]
    names = ("trend_key", "unit_type", "period", "gate", "adopter_sample")
    schema = pa.schema([contracts.STATE_TRENDS.field(name) for name in names])
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=schema)


@dataclass
class Tally:
    """Claims over seeds: of the method and of the naive excess, early and late."""

    seeds: int = 0
    early: int = 0
    late: int = 0
    naive_early: int = 0
    naive_late: int = 0
    tests: int = 0
    small: int = 0

    def count(self, rows: list[dict[str, Any]], only: str | None = None) -> None:
        """Count one world.

        Args:
            rows: From :func:`odds_of`.
            only: Group whose claims count; all of them when None.
        """
        rows = [row for row in rows if only in (None, row["group_name"])]
        self.seeds += 1
        self.early += any(row["claim"] == "early" for row in rows)
        self.late += any(row["claim"] == "late" for row in rows)
        naive = [row for row in rows if row.get("naive_p_value", 1.0) < 0.05]
        self.naive_early += any(row["naive_excess_ratio"] > 1 for row in naive)
        self.naive_late += any(row["naive_excess_ratio"] < 1 for row in naive)
        tested = [row["p_value"] for row in rows if "p_value" in row]
        self.tests += len(tested)
        self.small += sum(p < 0.05 for p in tested)

    def line(self) -> str:
        """As printed."""
        bounds = upper_bound(self.early, self.seeds), upper_bound(self.late, self.seeds)
        return (
            f"{self.seeds:4d} seeds  early {self.early / self.seeds:.3f} (<= {bounds[0]:.3f})  late {self.late / self.seeds:.3f} (<= {bounds[1]:.3f})  "
            f"p < .05: {self.small / max(self.tests, 1):.3f} of {self.tests}  "
            f"naive early {self.naive_early / self.seeds:.2f} late {self.naive_late / self.seeds:.2f}"
        )


def measure_groups(trials: Iterator[tuple[int, OriginTrial]]) -> dict[str, Tally]:
    """False claims with dealt groups and with planted niches, and the power for a group that is a day, and half a day, earlier."""
    found = {name: Tally() for name in ("dealt", "planted niches", "24 h earlier", "12 h earlier", "others of 24 h")}
    parameters = OriginTableParameters(groups=GroupParameters())
    for seed, trial in trials:
        trends = comparable(trial)
        if len(trends) < parameters.groups.smallest_event_count:
            continue
        chance, posts = _chance(trends), _activity(trends)
        keys = sorted(posts)
        labels = dealt_groups(keys, np.array([posts[key] for key in keys]), seed)
        leaders = {key for key, group in labels.items() if group == LEADER}
        found["dealt"].count(odds_of(trial, trends, labels, chance, parameters))
        found["planted niches"].count(odds_of(trial, trends, first_niches(trial), chance, parameters))
        for hours in (24.0, 12.0):
            rows = odds_of(trial, [shifted_earlier(trend, leaders, hours) for trend in trends], labels, chance, parameters)
            found[f"{hours:.0f} h earlier"].count(rows, LEADER)
    del found["others of 24 h"]
    return found


def assignments_of(labels: dict[str, str], months: list[date]) -> pa.Table:
    """``niche_assignments`` in which each account has its label in every month."""
    rows = [
        {"month": month, "platform": "bluesky", "account_key": key, "niche_id": label, "method_version": "", "params_hash": ""}
        for month in months
        for key, label in sorted(labels.items())
    ]
    return pa.Table.from_pylist(rows, schema=contracts.NICHE_ASSIGNMENTS)


def pair_claims(trial: OriginTrial, labels: dict[str, str]) -> list[dict[str, Any]]:
    """Findings of niche against niche over all trends of a world."""
    partitions = partitioned(trial.tables)
    months = sorted({month_before_period(period) for period in partitions})
    pairs = analyse_niche_pairs(partitions, assignments_of(labels, months), dict.fromkeys(months, ""))
    nothing = analyse_trend_partitions({})
    findings = pool_ripples(nothing.state, pairs.state, contracts.EXCHANGE["int_trend_flags"].empty_table())
    return [
        row
        for row in findings.tables["ripple_findings"].to_pylist()
        if (row["population"], row["period"], row["comparison_kind"]) == ("all", "all", "niche")
    ]


def measure_pairs(trials: Iterator[tuple[int, OriginTrial]]) -> dict[str, int]:
    """Worlds in which any pair of dealt niches is claimed, by direction of the brisker one, beside the naive sign test."""
    found = dict.fromkeys(("seeds", "brisker_first", "slower_first", "kernel", "timeline", "naive", "pairs"), 0)
    for seed, trial in trials:
        posts = _activity(comparable(trial))
        keys = sorted(posts)
        rows = [
            row
            for row in pair_claims(trial, dealt_groups(keys, np.array([posts[key] for key in keys]), seed))
            if row["claim"] != "abstained"
        ]
        found["seeds"] += 1
        found["pairs"] += len(rows)
        brisker = [GROUPS.index(row["lead_group"]) < GROUPS.index(row["target_group"]) for row in rows]
        firsts = [
            (row["claim"] == "lead_first") == lead_is
            for row, lead_is in zip(rows, brisker, strict=True)
            if row["claim"].endswith("_first")
        ]
        found["brisker_first"] += any(firsts)
        found["slower_first"] += any(not first for first in firsts)
        level = 0.05 / max(len(rows), 1)
        for name, column in (("kernel", "kernel_p_value"), ("timeline", "timeline_p_value"), ("naive", "naive_p_value")):
            found[name] += any((1.0 if row[column] is None else row[column]) < level for row in rows)
    return found


@dataclass(frozen=True)
class SetScores:
    """How origin sets fared: one entry for each planted trend that is not abstained from, or for each of their accounts."""

    is_in_set: list[bool]
    is_tier: list[bool]
    is_niche: list[bool]
    is_platform: list[bool]
    confidence: list[float]
    credibility: list[float]
    is_origin: list[bool]
    abstained: list[str | None]


class _Told(Coverage):
    """A coverage that tells the same of every platform and day."""

    def __init__(self, ratio: float) -> None:
        super().__init__(contracts.EXCHANGE["int_platform_days"].empty_table())
        self._ratio = ratio

    def seen_ratio(self, platform: str, first_day: int, last_day: int) -> float | None:
        return self._ratio if platform and first_day <= last_day else None


def measure_sets(trials: Iterator[tuple[int, OriginTrial]], seen: float | None) -> SetScores:
    """Origin sets against truth, niches as planted.

    Args:
        trials: Worlds.
        seen: Share of posts that the coverage is made to tell; None: as it tells by itself.
    """
    found = SetScores([], [], [], [], [], [], [], [])
    for _, trial in trials:
        coverage = Coverage(trial.platform_days) if seen is None else _Told(seen)
        tables = {
            name: {
                key: table.filter(pc.equal(table["trend_key"], key)) for key in trial.tables.candidates["trend_key"].to_pylist()
            }
            for name, table in (("adoptions", trial.tables.adoptions), ("timelines", trial.tables.timelines))
        }
        labels = {month: Labels(niches, {}) for month, niches in trial.niches.items()}
        for row in trial.tables.candidates.to_pylist():
            truth = trial.origins.get(row["label"])
            if truth is None:
                continue
            gate = gate_of(row, _TRENDS.largest_day_share)
            key = row["trend_key"]
            rows, verdict = origin_set(
                key, gate, tables["adoptions"][key], tables["timelines"][key], labels, coverage, OriginSetParameters()
            )
            found.abstained.append(verdict["abstain_reason"])
            if verdict["abstain_reason"] is not None:
                continue
            hits = [each["account_key"] == truth["account_key"] for each in rows]
            found.is_in_set.append(any(hits))
            found.confidence.append(verdict["origin_confidence"])
            found.credibility.extend(each["credibility"] for each in rows)
            found.is_origin.extend(hits)
            for name, column, true in (
                ("is_tier", "origin_tier", tier_class(truth["tier"])),
                ("is_niche", "origin_niche_id", truth["niche"]),
                ("is_platform", "origin_platform", truth["platform"]),
            ):
                if verdict[column] is not None:
                    getattr(found, name).append(verdict[column] == true)
    return found


def reliability(credibility: list[float], is_origin: list[bool]) -> list[tuple[float, float, float, int]]:
    """By class of credibility: its mean, the share of true originators with its 95% upper bound, and accounts."""
    values, hits = np.array(credibility), np.array(is_origin)
    table = []
    for low, high in ((0.0, 0.02), (0.02, 0.1), (0.1, 0.4), (0.4, 0.6), (0.6, 0.75), (0.75, 0.9), (0.9, 1.01)):
        inside = (values >= low) & (values < high)
        if inside.any():
            table.append(
                (
                    float(values[inside].mean()),
                    float(hits[inside].mean()),
                    upper_bound(int(hits[inside].sum()), int(inside.sum())),
                    int(inside.sum()),
                )
            )
    return table


def _trials(world: str, seeds: int, size: str = "trial", loss: float | None = None) -> Iterator[tuple[int, OriginTrial]]:
    for seed in range(1, seeds + 1):
        yield seed, run_origin_trial(world, seed, size, loss=loss)


def print_sets(title: str, found: SetScores) -> None:
    """Print how origin sets fared in some worlds."""
    count = len(found.abstained)
    abstained = sum(reason is not None for reason in found.abstained)
    print(f"{title}: {count} planted trends, abstained {abstained / count:.3f}")
    for name in ("is_in_set", "is_tier", "is_niche", "is_platform"):
        hits = getattr(found, name)
        print(f"  {name} {np.mean(hits):.3f} of {len(hits)}")
    print(f"  mean confidence {np.mean(found.confidence):.3f}")
    for mean, share, bound, accounts in reliability(found.credibility, found.is_origin):
        print(f"  credibility {mean:.3f}: true originators {share:.3f} (<= {bound:.3f}) of {accounts}")


def main(part: str, seeds: int) -> None:
    """Print one part's figures."""
    if part == "groups":
        for world in NULLS:
            for name, tally in measure_groups(_trials(world, seeds)).items():
                print(f"{world:28s} {name:15s} {tally.line()}", flush=True)
    elif part == "pairs":
        for world in NULLS:
            print(world, measure_pairs(_trials(world, seeds)), flush=True)
    elif part == "sets":
        for loss in (None, 0.3):
            for size in ("trial", "small"):
                for seen in (None, *([] if loss is None else [1 - loss])):
                    found = measure_sets(_trials("P6_full_realistic", seeds, size, loss), seen)
                    print_sets(f"P6_full_realistic {size}, loss {loss or 0}, coverage tells {seen or 'by itself'}", found)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
