"""Cox's model: published estimates, brute force, residuals that sum to nothing, and data that have no estimate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from pipelines.analysis.proportional_hazards import (
    CoxFit,
    Floats,
    Followed,
    clustered_covariance,
    fit_cox,
    jackknife_variance,
    log_likelihood,
    proportionality,
)

# Weeks of remission of leukaemia with 6-MP and with placebo (Freireich et al. 1963); + is still in remission.
_TREATED = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
_PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def freireich() -> Followed:
    words = _TREATED.split() + _PLACEBO.split()
    treated = np.repeat([1.0, 0.0], 21)[:, None]
    return Followed(
        np.array([float(word.rstrip("+")) for word in words]),
        np.array([not word.endswith("+") for word in words]),
        treated,
        np.zeros(42, dtype=np.int64),
    )


def drawn(seed: int, count: int = 60, width: int = 2, strata: int = 2, beta: float = 0.5) -> Followed:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, width))
    time = np.ceil(rng.exponential(8 * np.exp(-beta * x[:, 0])))
    end = rng.integers(1, 15, count)
    return Followed(np.minimum(time, end).astype(np.float64), time <= end, x, rng.integers(0, strata, count))


def fitted(followed: Followed) -> CoxFit:
    fit = fit_cox(followed)
    assert fit is not None
    return fit


def by_hand(followed: Followed, beta: Floats) -> float:
    """Efron's likelihood as it is written, one event at a time."""
    value = 0.0
    risk = np.exp(followed.covariates @ beta)
    for stratum in np.unique(followed.stratum):
        inside = followed.stratum == stratum
        for moment in np.unique(followed.time[inside & followed.is_event]):
            tied = inside & followed.is_event & (followed.time == moment)
            at_risk = risk[inside & (followed.time >= moment)].sum()
            count = int(tied.sum())
            value += float(np.log(risk[tied]).sum())
            value -= sum(float(np.log(at_risk - place / count * risk[tied].sum())) for place in range(count))
    return value


def test_the_published_estimate_of_the_leukaemia_trial_is_found() -> None:
    fit = fitted(freireich())
    assert fit.coefficients[0] == pytest.approx(-1.5721, abs=1e-4)
    assert np.sqrt(fit.covariance[0, 0]) == pytest.approx(0.4124, abs=1e-4)


def test_two_rows_have_the_closed_form() -> None:
    # Events at 1 (x = 1), 2 (x = 0) and 3 (x = 1): L = e / (2 e + 1) * 1 / (1 + e), largest where 2 e^2 = 1.
    followed = Followed(
        np.array([1.0, 2.0, 3.0]), np.ones(3, dtype=bool), np.array([[1.0], [0.0], [1.0]]), np.zeros(3, dtype=np.int64)
    )
    assert fitted(followed).coefficients[0] == pytest.approx(-np.log(2) / 2, abs=1e-6)


@given(st.integers(0, 10_000))
def test_the_likelihood_is_the_written_one_and_the_fit_its_maximum(seed: int) -> None:
    followed = drawn(seed, 40)
    beta = np.random.default_rng(seed).normal(size=2)
    assert log_likelihood(followed, beta) == pytest.approx(by_hand(followed, beta))
    fit = fitted(followed)

    def loss(value: Floats) -> float:
        return -by_hand(followed, value)

    found = minimize(loss, np.zeros(2), method="BFGS")
    assert fit.coefficients == pytest.approx(found.x, abs=1e-3)
    assert fit.log_likelihood >= -found.fun - 1e-9


def test_the_covariance_is_the_curvature_of_the_written_likelihood() -> None:
    followed, step = drawn(5), 1e-3
    fit = fitted(followed)
    curvature = np.empty((2, 2))
    for one, other in np.ndindex(2, 2):
        corners = [
            by_hand(followed, fit.coefficients + step * (a * np.eye(2)[one] + b * np.eye(2)[other])) * a * b
            for a in (-1, 1)
            for b in (-1, 1)
        ]
        curvature[one, other] = -sum(corners) / (4 * step**2)
    assert fit.covariance == pytest.approx(np.linalg.inv(curvature), rel=1e-3)


@given(st.integers(0, 10_000))
def test_residuals_sum_to_nothing_and_hang_on_no_order(seed: int) -> None:
    followed = drawn(seed)
    fit = fitted(followed)
    assert fit.score_residuals.sum(axis=0) == pytest.approx(0, abs=1e-3)
    assert fit.schoenfeld.sum(axis=0) == pytest.approx(0, abs=1e-3)
    order = np.random.default_rng(seed).permutation(followed.time.size)
    shuffled = Followed(followed.time[order], followed.is_event[order], followed.covariates[order], followed.stratum[order])
    other = fitted(shuffled)
    assert other.coefficients == pytest.approx(fit.coefficients)
    assert other.score_residuals == pytest.approx(fit.score_residuals[order], abs=1e-7)


def test_a_residual_says_what_leaving_its_row_out_changes() -> None:
    followed = drawn(7, 150)
    fit = fitted(followed)
    changes = fit.score_residuals @ fit.covariance
    left_out = []
    for row in range(150):
        kept = np.arange(150) != row
        part = Followed(followed.time[kept], followed.is_event[kept], followed.covariates[kept], followed.stratum[kept])
        left_out.append(fit.coefficients - fitted(part).coefficients)
    assert np.corrcoef(changes[:, 0], np.array(left_out)[:, 0])[0, 1] > 0.99


def test_rows_that_are_each_their_own_cluster_give_about_the_plain_variance_and_copies_do_not() -> None:
    followed = drawn(8, 400, strata=1)
    fit = fitted(followed)
    alone = clustered_covariance(fit, np.arange(400))
    assert np.diag(alone) == pytest.approx(np.diag(fit.covariance), rel=0.3)
    place = np.repeat(np.arange(400), 2)
    twice = Followed(followed.time[place], followed.is_event[place], followed.covariates[place], followed.stratum[place])
    copied = fitted(twice)
    assert np.diag(clustered_covariance(copied, place)) == pytest.approx(np.diag(alone), rel=0.05)
    assert np.diag(copied.covariance) == pytest.approx(np.diag(fit.covariance) / 2, rel=0.05)


def test_leaving_single_rows_out_gives_about_the_plain_variance_and_leaving_copies_out_together_the_same() -> None:
    followed = drawn(8, 120, strata=1)
    fit = fitted(followed)
    alone = jackknife_variance(followed, fit, np.arange(120))
    assert alone == pytest.approx(np.diag(fit.covariance), rel=0.4)
    place = np.repeat(np.arange(120), 2)
    twice = Followed(followed.time[place], followed.is_event[place], followed.covariates[place], followed.stratum[place])
    assert jackknife_variance(twice, fitted(twice), place) == pytest.approx(alone, rel=0.1)
    parting = Followed(followed.time, followed.is_event & (np.arange(120) < 20), followed.covariates, followed.stratum)
    # Without the only cluster that has events there is nothing to fit.
    assert np.isinf(jackknife_variance(parting, fitted(parting), (np.arange(120) < 20).astype(np.int64))).all()


def test_data_without_an_estimate_have_none() -> None:
    followed = drawn(9)
    both = Followed(followed.time, followed.is_event, followed.covariates[:, [0, 0]], followed.stratum)
    assert fit_cox(both) is None
    parted = Followed(followed.time, followed.is_event, followed.is_event[:, None].astype(np.float64), followed.stratum)
    assert fit_cox(parted) is None


def test_a_ratio_that_changes_is_found_and_one_that_does_not_is_found_as_often_as_is_said() -> None:
    rng, wrong, found = np.random.default_rng(10), 0, 0
    for _ in range(400):
        x = rng.normal(size=(120, 1))
        one = np.zeros(120, dtype=np.int64)
        time = rng.exponential(np.exp(-0.7 * x[:, 0]))
        wrong += proportionality(fitted(Followed(np.minimum(time, 1.5), time <= 1.5, x, one)))[1][0] < 0.05
        # First one way, later the other.
        late = 0.5 + rng.exponential(np.exp(1.5 * x[:, 0]))
        early = rng.exponential(np.exp(-1.5 * x[:, 0]))
        time = np.where(early < 0.5, early, late)
        found += proportionality(fitted(Followed(np.minimum(time, 1.5), time <= 1.5, x, one)))[1][0] < 0.05
    print(f"proportional hazards rejected in {wrong} of 400 worlds that have them, in {found} of 400 that have not")
    assert wrong <= 32
    assert found >= 300
