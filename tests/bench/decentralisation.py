"""How often a trend of concentration is claimed in worlds where nobody behaves otherwise, ours and naive ones, over seeds. Prints; asserts nothing.

``python -m tests.bench.decentralisation --seeds 200 W9_growth_only W10_collection_growth``
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow.compute as pc
from scipy.stats import theilslopes

from pipelines.analysis.concentration import gini
from pipelines.world.attention_trial import MONTHS, AttentionTrial, run_attention_trial
from pipelines.world.scoring.intervals import upper_bound
from pipelines.world.worlds import WORLDS

RESOURCES = ("posts", "engagement")
_COLUMN = {"posts": "own_post_count", "engagement": "engagement_count"}


def naive_claims(trial: AttentionTrial, resource: str) -> dict[str, bool]:
    """Whether Theil-Sen's 95% interval of a naive measure over whoever was collected leaves zero out."""
    table = trial.exchanged["int_account_attention_months"]
    series: dict[str, list[float]] = {"naive_gini": [], "naive_hhi": []}
    for month in sorted(set(table["month"].to_pylist())):
        counts = table.filter(pc.equal(table["month"], month))[_COLUMN[resource]].fill_null(0).to_numpy().astype(np.int64)
        series["naive_gini"].append(gini(counts))
        series["naive_hhi"].append(float(((counts / counts.sum()) ** 2).sum()))
    found = {}
    for name, values in series.items():
        _, _, low, high = theilslopes(values, np.arange(len(values)), 0.95)
        found[name] = not low <= 0 <= high
    return found


def claims(trial: AttentionTrial) -> dict[tuple[str, str], bool | None]:
    """By resource and estimator, whether a trend is claimed; None where nothing is said."""
    found: dict[tuple[str, str], bool | None] = {}
    for row in trial.derived["decentralisation_trends"].to_pylist():
        if row["platform"] == "*" or row["niche_id"] != "*":
            continue
        low, high = row["hill_2_slope_low"], row["hill_2_slope_high"]
        if row["panel"] == "fixed":
            found[row["resource"], "ours"] = None if row["direction"] == "abstained" else row["direction"] != "none"
            for name in ("hill_1", "micro_share"):
                ends = row[f"{name}_slope_low"], row[f"{name}_slope_high"]
                found[row["resource"], f"fixed {name}"] = None if ends[0] is None else not ends[0] <= 0 <= ends[1]
        else:
            found[row["resource"], "open hill_2, not claimed"] = None if low is None else not low <= 0 <= high
    return found | {(resource, name): claim for resource in RESOURCES for name, claim in naive_claims(trial, resource).items()}


def errors(trial: AttentionTrial) -> dict[str, list[float]]:
    """By resource, relative errors of the open panel's hill_2 in the months of the truth."""
    months = trial.derived["decentralisation_months"].to_pylist()
    told = {(row["platform"], row["month"], row["resource"]): row["hill_2"] for row in months if row["panel"] == "open"}
    found: dict[str, list[float]] = {}
    for row in trial.truth:
        estimate = told.get((row["platform"], row["month"], row["resource"]))
        if estimate is not None and row["hill_2"] is not None:
            found.setdefault(row["resource"], []).append(abs(estimate / row["hill_2"] - 1))
    return found


def main() -> None:
    """Run the worlds and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("worlds", nargs="+")
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--growing", action="store_true", help="some accounts gain followers, as in every written world")
    parser.add_argument("--loss", type=float, help="share of posts that the collection loses at random")
    parser.add_argument("--accounts", type=int, default=MONTHS.account_count)
    options = parser.parse_args()
    for world in options.worlds:
        if options.loss is not None:
            planned = WORLDS[world]
            WORLDS[world] = replace(planned, observation=replace(planned.observation, loss=options.loss))
        claimed: Counter[tuple[str, str]] = Counter()
        said: Counter[tuple[str, str]] = Counter()
        missed: dict[str, list[float]] = {}
        for seed in range(options.first, options.first + options.seeds):
            trial = run_attention_trial(
                world, seed, replace(MONTHS, account_count=options.accounts), has_growing_followers=options.growing
            )
            for key, claim in claims(trial).items():
                said[key] += claim is not None
                claimed[key] += bool(claim)
            for resource, values in errors(trial).items():
                missed.setdefault(resource, []).extend(values)
        for key in sorted(said):
            bound = upper_bound(claimed[key], said[key]) if said[key] else float("nan")
            print(
                f"{world} {key[0]:<12} {key[1]:<26} {claimed[key]:>4} of {said[key]} ({options.seeds} seeds), upper 95% {bound:.3f}"
            )
        for resource, values in sorted(missed.items()):
            print(
                f"{world} {resource:<12} relative error of hill_2: median {np.median(values):.4f}, 90% below {np.quantile(values, 0.9):.4f},"
                f" {len(values)} months"
            )


if __name__ == "__main__":
    main()
