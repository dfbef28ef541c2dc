"""How often parents and flows are right in worlds with known causes: ``python -m tests.bench.cascades accuracy|flows|credits|hawkes --seeds N``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import false_discovery_control

from pipelines.analysis import hawkes
from pipelines.analysis.cascade_flows import groupings_of
from pipelines.analysis.cascade_months import CascadeMonthParameters, CascadeTables, analyse_cascades
from pipelines.analysis.cascade_trees import ROOT, Forest, forest_of
from pipelines.analysis.cascades import EVIDENCE, CascadeParameters, Parents, adopters_of, find_parents, ties_of
from pipelines.analysis.credit_flows import CreditParameters, credits_of, measure_credits
from pipelines.analysis.increments import Partition
from pipelines.analysis.trend_rows import TrendTables
from pipelines.world.calibration_rows import upper_bound
from pipelines.world.cascade_trial import EXCHANGED, SMALL_GRAPH, CascadeTrial, run_cascade_trial
from pipelines.world.placebos import random_links
from pipelines.world.worlds import SIZES

_NULL_WORLDS = ("W0_exchangeable", "W1_rate_confounded", "W2_shock", "W6_macro_first")
_PLANTED = "P6_full_realistic"
GROUPS = 5


def partitions(trial: CascadeTrial) -> dict[date, Partition[CascadeTables]]:
    """A trial's tables by month of birth."""
    tables = trial.exchanged
    candidates = tables["int_trend_candidates"]
    months = [moment.date().replace(day=1) for moment in candidates["born_at"].to_pylist()]

    def load(month: date) -> CascadeTables:
        born = candidates.filter(pa.array([each == month for each in months]))
        keys = born["trend_key"].combine_chunks()
        parts = [tables[name].filter(pc.is_in(tables[name]["trend_key"], value_set=keys)) for name in EXCHANGED[1:]]
        return CascadeTables(TrendTables(born, *parts[:2]), *parts[2:])

    return {month: Partition(str(month), partial(load, month)) for month in sorted(set(months))}


def accuracy(trial: CascadeTrial, parameters: CascadeParameters | None = None) -> dict[str, float]:
    """Precision and recall of the forest's edges against the true causes, of planted trends that spread along the graph."""
    tables = trial.exchanged
    adopters = adopters_of(
        TrendTables(*(tables[name] for name in ("int_trend_candidates", "int_trend_adoptions", "int_trend_timelines")))
    )
    ties = ties_of(adopters, tables["int_trend_contacts"], tables["int_trend_adopter_contacts"])
    parents = find_parents(adopters, ties, parameters or CascadeParameters())
    child = adopters.rows(trial.truth["trend_key"], trial.truth["account_key"])
    cause = adopters.rows(trial.truth["trend_key"], trial.truth["cause_key"])
    is_caused = trial.truth["cause_key"].is_valid().to_numpy()
    known = child >= 0
    true_parent = np.full(adopters.count, ROOT)
    true_parent[child[known]] = np.where(is_caused[known], cause[known], ROOT)
    has_cause = np.zeros(adopters.count, dtype=bool)
    has_cause[child[known]] = is_caused[known]
    spreading = np.unique(adopters.trend[has_cause])
    found = parents.forest_parents(adopters.count)
    inside = np.isin(adopters.trend, spreading)
    named = inside & (found != ROOT)
    hit = named & (found == true_parent)
    listed = np.zeros(adopters.count, dtype=bool)
    listed[parents.child[true_parent[parents.child] == parents.parent]] = True
    credit = parents.weight[true_parent[parents.child] == parents.parent].sum()
    figures = {
        "edges": float(named.sum()), "true_edges": float((has_cause & inside).sum()), "precision": float(hit.sum() / named.sum()),
        "precision_where_caused": float(hit.sum() / (named & has_cause).sum()), "recall": float(hit.sum() / (has_cause & inside).sum()),
        "listed": float((listed & has_cause).sum() / has_cause.sum()), "credit_on_cause": float(credit / has_cause.sum()),
    }  # fmt: skip
    figures |= _by_evidence(parents, hit, inside)
    errors, largest = [], []
    true_forest, forest = forest_of(np.where(_earlier(adopters.adopted, true_parent), true_parent, ROOT)), forest_of(found)
    for trend in spreading.tolist():
        members = np.flatnonzero(adopters.trend == trend)
        shapes = [_largest(each, members) for each in (true_forest, forest)]
        if min(shape[0] for shape in shapes) >= 10:
            errors.append(abs(shapes[1][1] / shapes[0][1] - 1))
            largest.append(abs(shapes[1][0] / shapes[0][0] - 1))
    figures |= {
        "virality_relative_error": float(np.median(errors)),
        "size_relative_error": float(np.median(largest)),
        "trees": float(len(errors)),
    }
    return figures


def _earlier(adopted: np.ndarray, parent: np.ndarray) -> np.ndarray:
    return np.asarray((parent != ROOT) & (adopted[np.maximum(parent, 0)] < adopted))


def _largest(forest: Forest, members: np.ndarray) -> tuple[int, float]:
    trees = np.unique(forest.tree_of[members])
    largest = trees[np.argmax(forest.size[trees])]
    return int(forest.size[largest]), float(forest.virality[largest])


def _by_evidence(parents: Parents, hit: np.ndarray, inside: np.ndarray) -> dict[str, float]:
    figures: dict[str, float] = {}
    for place, name in enumerate(EVIDENCE):
        rows = parents.is_strongest & (parents.evidence == place) & inside[parents.child]
        if rows.any():
            figures |= {f"{name}_edges": float(rows.sum()), f"{name}_precision": float(hit[parents.child[rows]].mean())}
    return figures


def flow_claims(world: str, seed: int) -> dict[str, float]:
    """Share of tested pairs of groups that are claimed, and whether any is, by kind and method."""
    trial = run_cascade_trial(world, seed, SMALL_GRAPH)
    parameters = CascadeMonthParameters()
    rows = analyse_cascades(partitions(trial), trial.niches, {}, parameters).tables["ripple_flows"].to_pylist()
    found: dict[str, float] = {}
    for kind, method in (("tier", "edges"), ("niche", "edges"), ("platform", "edges"), ("tier", "hawkes")):
        own = [row for row in rows if row["group_kind"] == kind and row["method"] == method and row["p_value"] is not None]
        found |= {
            f"{kind} {method} tested": len(own),
            f"{kind} {method} claimed": sum(row["claim"] == "beyond_null" for row in own),
        }
        found[f"{kind} {method} withheld"] = sum(row["claim"] == "withheld" for row in own)
        found[f"{kind} {method} p<.05"] = sum(row["p_value"] < 0.05 for row in own)
        found[f"{kind} {method} month_count"] = len({row["month"] for row in own})
        found[f"{kind} {method} months_with_claim"] = len({row["month"] for row in own if row["claim"] == "beyond_null"})
    return found


def credit_claims(trial: CascadeTrial) -> Counter[str]:
    """Months in which a group is claimed to be linked to beyond its share, by kind and class of outlets, of the months in which one is tested."""
    found: Counter[str] = Counter()
    for month, partition in partitions(trial).items():
        tables = partition.load()
        adopters = adopters_of(tables.trends)
        names = {(row["account_key"], str(row["month"])): row["niche_id"] for row in trial.niches.to_pylist()}
        kinds, _ = groupings_of(adopters, names, [(adopters.account_keys[one], str(month)) for one in adopters.account.tolist()])
        rows = measure_credits(month, adopters, credits_of(adopters, tables.matches, tables.credits), kinds, CreditParameters())
        for kind, target in {(row["group_kind"], row["to_group"]) for row in rows if row.get("p_value") is not None}:
            own = [row for row in rows if (row["group_kind"], row["to_group"]) == (kind, target)]
            claimed = sorted(row["from_group"] for row in own if row["claim"] == "beyond_null")
            found.update([f"{kind} {target} tested", *([f"{kind} {target} claimed"] if claimed else [])])
            found.update([f"{kind} {target} {name} claimed" for name in claimed if kind == "tier"])
            found["links"] += sum(row["tie_count"] for row in own if kind == "tier")
    return found


def process_world(
    rng: np.random.Generator, *, shock: bool, delays: Sequence[int] = (0, 0, 0, 0, 0), trend_count: int = 20, scale: float = 3.0
) -> np.ndarray:
    """Base rates of independent groups with a common decay and daily cycle, and a common event; delays in bins of six hours."""
    hours = np.arange(120) * 6.0
    levels = np.array([1.0, 0.5, 0.25, 0.1, 0.1]) * scale
    base = np.zeros((trend_count, hours.size, GROUPS))
    for trend in range(trend_count):
        shape = np.exp(-hours / 120) * (1 + 0.6 * np.sin(2 * np.pi * hours / 24)) * rng.lognormal(0, 0.4)
        if shock:
            begins = rng.integers(5, 60) * 6.0
            shape = shape + np.where(hours >= begins, 6 * np.exp(-np.maximum(hours - begins, 0) / 18), 0)
        for group, delay in enumerate(delays):
            base[trend, :, group] = levels[group] * np.concatenate([np.zeros(delay), shape[: shape.size - delay]])
    return base


PLANTED_INFLUENCE = np.zeros((GROUPS, GROUPS))
PLANTED_INFLUENCE[2, 0] = 0.3
PLANTED_INFLUENCE[0, 0] = 0.2


def process_claims(seed: int, *, is_planted: bool, **world: Any) -> tuple[np.ndarray, np.ndarray]:
    """Claims (target, source) beyond dealt labels, and fitted influence."""
    parameters = hawkes.HawkesParameters()
    rng = np.random.default_rng(seed)
    influence = PLANTED_INFLUENCE if is_planted else np.zeros((GROUPS, GROUPS))
    counts = hawkes.simulate(rng, influence, process_world(rng, **world), parameters)
    p_values, _ = hawkes.null_p_values(counts, parameters, rng)
    q_values = false_discovery_control(np.clip(p_values.ravel(), 0, 1)).reshape(p_values.shape)
    return q_values <= parameters.largest_q, hawkes.fit(counts, parameters).influence


def influence_held(seed: int) -> np.ndarray:
    """Whether the published interval of each planted influence (target, source) holds it to a hundredth: a fit never comes to 0."""
    parameters = hawkes.HawkesParameters()
    rng = np.random.default_rng(seed)
    counts = hawkes.simulate(rng, PLANTED_INFLUENCE, process_world(rng, shock=False), parameters)
    _, draws = hawkes.resampled(counts, parameters, hawkes.fit(counts, parameters), rng)
    tail = (1 - parameters.interval_share) / 2
    low, high = np.quantile([draw.influence for draw in draws], [tail, 1 - tail], axis=0)
    return np.asarray((low <= PLANTED_INFLUENCE + 0.01) & (high >= PLANTED_INFLUENCE - 0.01))


def _main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["accuracy", "flows", "credits", "hawkes"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--worlds", nargs="*", default=[*_NULL_WORLDS, _PLANTED])
    chosen = parser.parse_args(arguments)
    seeds = range(1, chosen.seeds + 1)
    if chosen.what == "accuracy":
        observed: tuple[dict[str, Any], ...] = ({"follows": "all"}, {"follows": "all", "loss": 0.3}, {"follows": "told"})
        for options in observed:
            for seed in seeds:
                figures = accuracy(run_cascade_trial(_PLANTED, seed, SIZES["small"], **options))
                print(options, seed, {name: round(value, 3) for name, value in figures.items()}, flush=True)
    elif chosen.what == "flows":
        for world in chosen.worlds:
            found = []
            for seed in seeds:
                found.append(flow_claims(world, seed))
                print(world, seed, found[-1], flush=True)
            print(world, {name: sum(each[name] for each in found) for name in found[0]}, flush=True)
    elif chosen.what == "credits":
        for world in chosen.worlds:
            for weight in (1.0, 3.0):
                counts: Counter[str] = Counter()
                for seed in seeds:
                    counts += credit_claims(
                        run_cascade_trial(world, seed, SIZES["trial"], changed=partial(random_links, micro_weight=weight))
                    )
                    print(
                        f"{world}, micro linked to {weight:g} times as often, {seed} seeds: {dict(sorted(counts.items()))}",
                        flush=True,
                    )
    else:
        _print_processes(seeds)


def _print_processes(seeds: range) -> None:
    off = ~np.eye(GROUPS, dtype=bool)
    worlds: dict[str, dict[str, Any]] = {
        "null": {"shock": False},
        "shock": {"shock": True},
        "delayed": {"shock": False, "delays": (0, 1, 2, 4, 4)},
    }
    for name, options in worlds.items():
        drawn = [process_claims(seed, is_planted=False, **options) for seed in seeds]
        hits = sum(bool(claims[off].any()) for claims, _ in drawn)
        influence = float(np.mean([fit[2, 0] for _, fit in drawn]))
        print(
            f"{name}: {hits} of {len(drawn)} worlds with a claim, upper bound {upper_bound(hits, len(drawn)):.3f};"
            f" mean influence micro to large {influence:.3f}",
            flush=True,
        )
    for shock in (False, True):
        drawn = [process_claims(seed, is_planted=True, shock=shock) for seed in seeds]
        claimed = np.mean([claims for claims, _ in drawn], axis=0)
        others = float(np.mean([bool((claims & off & (PLANTED_INFLUENCE == 0)).any()) for claims, _ in drawn]))
        influence = float(np.mean([fit[2, 0] for _, fit in drawn]))
        print(
            f"planted{', with a common event' if shock else ''}: micro to large claimed in {claimed[2, 0]:.2f} of worlds,"
            f" another pair in {others:.2f}; influence found {influence:.3f}",
            flush=True,
        )
    held = np.mean([influence_held(seed) for seed in seeds], axis=0)
    print(
        f"90% intervals hold the planted influence of micro on large in {held[2, 0]:.2f} of worlds, of micro on itself in {held[0, 0]:.2f},"
        f" and an influence of 0 in {held[PLANTED_INFLUENCE == 0].min():.2f} to {held[PLANTED_INFLUENCE == 0].max():.2f}",
        flush=True,
    )


if __name__ == "__main__":
    _main(sys.argv[1:])
