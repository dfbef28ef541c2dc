"""How often hazard ratios are claimed where there are none, where there are, and what naive estimators would claim, over seeds. Prints; asserts nothing.

``python -m tests.bench.hazards --seeds 200``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, norm
from scipy.stats import t as student

from pipelines.analysis.adoption_hazards import COVARIATES, AtRisk, HazardParameters, estimate
from pipelines.analysis.proportional_hazards import Followed, clustered_covariance, fit_cox
from pipelines.world.calibration_rows import upper_bound
from tests.unit.analysis.hazard_world import Drawn, HazardWorld, at_risk, draw, naive

Floats = NDArray[np.float64]
_PARAMETERS: Final = HazardParameters()
_DEPENDENT: Final = HazardWorld(niche_frailty=0.7, week_frailty=0.7)
NULLS: Final = {
    "independent": HazardWorld(),
    "niches differ": HazardWorld(niche_frailty=0.7),
    "weeks differ": HazardWorld(week_frailty=0.7),
    "both differ": _DEPENDENT,
    "both differ, and covariates with them": replace(_DEPENDENT, shared=0.9),
    "6 niches": replace(_DEPENDENT, niche_count=6),
    "90 trends": replace(_DEPENDENT, trend_count=90),
    "600 trends": replace(_DEPENDENT, trend_count=600),
}
_NAIVE_IN: Final = ("both differ",)
PLANTED: Final = {
    "independent": HazardWorld(beta=(0.5, 0.2, 0.5, 0.0, 0.0, 0.0)),
    "both differ": replace(_DEPENDENT, beta=(0.5, 0.2, 0.5, 0.0, 0.0, 0.0)),
    "half as strong": HazardWorld(beta=(0.25, 0.1, 0.25, 0.0, 0.0, 0.0)),
    "600 trends, both differ": replace(_DEPENDENT, trend_count=600, beta=(0.5, 0.2, 0.5, 0.0, 0.0, 0.0)),
}
P = Floats


def told(world: AtRisk) -> P:
    """p of each covariate that is told."""
    return np.array([each.p_value for each in estimate(world, _PARAMETERS).estimates.values()])


def with_other_variances(world: AtRisk) -> dict[str, P]:
    """p of the published model, and what it would be as if trends were independent and with score residuals summed by niche of origin."""
    model = estimate(world, _PARAMETERS)
    often = np.isfinite(world.covariates).mean(axis=0) >= _PARAMETERS.smallest_known_share
    whole = np.isfinite(world.covariates[:, often]).all(axis=1)
    chosen = sorted(model.estimates)
    if not chosen:
        return {}
    fit = fit_cox(Followed(world.time[whole], world.is_event[whole], world.covariates[whole][:, chosen], world.stratum[whole]))
    origin = world.origin[whole]
    assert fit is not None
    size = np.abs(fit.coefficients)
    summed = size / np.sqrt(np.diag(clustered_covariance(fit, origin)))
    return {
        "published": np.array([model.estimates[place].p_value for place in chosen]),
        "plain variance": np.asarray(2 * norm.sf(size / np.sqrt(np.diag(fit.covariance)))),
        "sandwich by niche": np.asarray(2 * student.sf(summed, np.unique(origin).size - 1)),
    }


def in_time(drawn: Drawn) -> dict[str, P]:
    """By estimator that looks at the landmark, p of each covariate."""
    return with_other_variances(at_risk(drawn))


def too_late(drawn: Drawn) -> dict[str, P]:
    """By naive estimator, which looks at what came later, p of each covariate."""
    late = {"covariates at the adoption": drawn.at_adoption, "covariates at the end": drawn.at_end}
    return {name: told(naive(drawn, covariates)) for name, covariates in late.items()}


@dataclass
class Claims:
    """Worlds with a claim at q < .05, worlds in which something was told, and of each the share of p below .05."""

    claimed: int = 0
    told: int = 0
    small: list[float] = field(default_factory=list)

    def add(self, p_values: P) -> None:
        """Count one world."""
        if p_values.size:
            self.told += 1
            self.claimed += bool((false_discovery_control(p_values) < 0.05).any())
            self.small.append(float((p_values < 0.05).mean()))

    @property
    def small_share(self) -> float:
        """Mean share of p below .05."""
        return float(np.mean(self.small))


def claims(world: HazardWorld, seeds: range, estimators: Callable[[Drawn], dict[str, P]]) -> dict[str, Claims]:
    """Claims of each estimator in worlds of other seeds."""
    found: dict[str, Claims] = {}
    for seed in seeds:
        for name, p_values in estimators(draw(world, seed)).items():
            found.setdefault(name, Claims()).add(p_values)
    return found


def recovered(world: HazardWorld, seeds: range) -> list[dict[str, float]]:
    """Of each planted covariate: mean estimate, share of claims and of intervals that hold the truth."""
    truth = np.array(world.beta)
    found: dict[int, list[tuple[float, bool, bool]]] = {place: [] for place in np.flatnonzero(truth).tolist()}
    for seed in seeds:
        estimates = estimate(at_risk(draw(world, seed)), _PARAMETERS).estimates
        q_values = (
            dict(zip(estimates, false_discovery_control([each.p_value for each in estimates.values()]), strict=True))
            if estimates
            else {}
        )
        for place in found.keys() & estimates.keys():
            one = estimates[place]
            is_claim = bool(q_values[place] < 0.05 and one.log_ratio * truth[place] > 0)
            found[place].append((one.log_ratio, is_claim, one.low <= truth[place] <= one.high))
    return [
        {"place": place, "truth": truth[place], "count": len(rows)}
        | dict(zip(("mean", "power", "coverage"), np.mean(rows, axis=0).tolist(), strict=True))
        for place, rows in found.items()
        if rows
    ]


def main() -> None:
    """Print one line a world and estimator."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=200)
    given = parser.parse_args()
    seeds = range(1, given.seeds + 1)
    for name, world in NULLS.items():
        events = np.mean([at_risk(draw(world, seed)).is_event.sum() for seed in range(20)])
        found = claims(world, seeds, in_time) | (claims(world, seeds, too_late) if name in _NAIVE_IN else {})
        for label, each in found.items():
            print(
                f"null, {name} ({events:.0f} adoptions): {label} claims in {each.claimed} of {each.told} worlds, upper 95% bound"
                f" {upper_bound(each.claimed, each.told):.3f}; p < .05 for {each.small_share:.3f} of covariates",
                flush=True,
            )
    for name, world in PLANTED.items():
        for row in recovered(world, seeds):
            covariate = COVARIATES[int(row["place"])].name
            print(
                f"planted, {name}: {covariate} {row['truth']:.2f}, mean estimate {row['mean']:.3f} (bias"
                f" {row['mean'] / row['truth'] - 1:+.1%}), power {row['power']:.2f}, interval holds it {row['coverage']:.3f},"
                f" {row['count']:.0f} worlds",
                flush=True,
            )


if __name__ == "__main__":
    main()
