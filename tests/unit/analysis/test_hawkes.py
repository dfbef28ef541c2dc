"""The Hawkes process finds what was planted, and does not take a common cycle or event for influence."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.analysis.hawkes import HawkesParameters, dealt, fit, kernel, simulate
from tests.bench.cascades import PLANTED_INFLUENCE, process_claims, process_world

_OFF = ~np.eye(5, dtype=bool)


def test_the_kernel_sums_to_one_and_falls() -> None:
    share = kernel(HawkesParameters())
    assert share.sum() == pytest.approx(1)
    assert (np.diff(share) < 0).all()


def test_planted_influence_is_found_again() -> None:
    found = np.mean([process_claims(seed, is_planted=True, shock=False)[1] for seed in range(8)], axis=0)
    print(
        f"influence of micro on large {found[2, 0]:.2f} (planted 0.30), on itself {found[0, 0]:.2f} (0.20); others at most {found[_OFF & (PLANTED_INFLUENCE == 0)].max():.2f}"
    )
    assert found[2, 0] == pytest.approx(0.3, abs=0.08)
    assert found[1, 0] < 0.05


def test_what_is_attributed_and_what_is_not_add_up_to_all_uses() -> None:
    parameters = HawkesParameters(base_shape=0.0)
    counts = simulate(
        np.random.default_rng(1), PLANTED_INFLUENCE, process_world(np.random.default_rng(1), shock=False), parameters
    )
    found = fit(counts, parameters)
    assert found.base_count + found.attributed.sum(axis=(0, 2)) == pytest.approx(counts.sum(axis=(0, 1)))


def test_dealing_labels_moves_no_use_in_time_and_keeps_how_many_each_group_has() -> None:
    rng = np.random.default_rng(2)
    counts = rng.poisson(0.7, (4, 40, 5)).astype(float)
    new = dealt(counts, HawkesParameters(), rng)
    assert (new.sum(axis=2) == counts.sum(axis=2)).all()
    assert (new.sum(axis=1) == counts.sum(axis=1)).all()
    assert (new != counts).any()


def test_independent_groups_with_a_common_cycle_and_a_common_event_claim_nothing_as_a_rule() -> None:
    false = [bool(process_claims(seed, is_planted=False, shock=True)[0][_OFF].any()) for seed in range(40)]
    found = [bool(process_claims(seed, is_planted=True, shock=False)[0][2, 0]) for seed in range(10)]
    print(
        f"process: claims in {sum(false)} of {len(false)} null worlds with a common event; planted flow found in {sum(found)} of {len(found)}"
    )
    assert sum(false) <= 5
    assert sum(found) >= 9
