"""A calibration's verdicts: bounds as Clopper and Pearson have them, and which direction a claim may not have in which world."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from scipy.stats import binom, binomtest

from pipelines.world.calibration_rows import (
    DEFAULT_LIMIT,
    SCHEMA,
    judge,
    lower_bound,
    seeds_of,
    sentences,
    upper_bound,
)

_BLANK = dict.fromkeys(("status", "method_version", "params_hash", "calibration_key"), "")
_CLAIM = _BLANK | {
    "world": "null_rate",
    "world_kind": "null",
    "metric": "claims_media",
    "estimator": "published",
    "truth": "none",
    "seed_count": 200,
    "lead_first_count": 5,
    "target_first_count": 0,
    "is_gating": True,
    "size": "tiny",
}


def judged(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = judge(pa.Table.from_pylist([_CLAIM | row for row in rows], schema=SCHEMA)).to_pylist()
    return found


@pytest.mark.parametrize(("count", "seeds"), [(0, 34), (0, 200), (1, 24), (5, 200), (10, 200), (24, 24)])
def test_the_upper_bound_is_the_rate_at_which_so_few_claims_are_seen_one_time_in_twenty(count: int, seeds: int) -> None:
    bound = upper_bound(count, seeds)
    assert bound == pytest.approx(binomtest(count, seeds, alternative="less").proportion_ci(0.95, "exact").high)
    if count < seeds:
        assert binom.cdf(count, seeds, bound) == pytest.approx(0.05)


def test_a_bound_without_any_claim_is_known_by_hand() -> None:
    assert upper_bound(0, 200) == pytest.approx(1 - 0.05 ** (1 / 200))
    assert upper_bound(0, 34) < DEFAULT_LIMIT < upper_bound(0, 33)
    assert upper_bound(0, 0) == 1.0
    assert lower_bound(0, 50) == 0.0
    assert lower_bound(50, 50) == pytest.approx(0.05 ** (1 / 50))


def test_the_share_of_claims_stands_in_its_two_sided_interval() -> None:
    (row,) = judged({"lead_first_count": 3, "target_first_count": 4})
    exact = binomtest(7, 200).proportion_ci(0.95, "exact")
    assert row["value"] == pytest.approx(0.035)
    assert (row["low"], row["high"]) == pytest.approx((exact.low, exact.high))


@pytest.mark.parametrize(
    ("truth", "lead", "target", "status"),
    [
        ("none", 10, 0, "passed"),  # 5% of the seeds, bound .083
        ("none", 11, 0, "failed"),
        ("none", 0, 11, "failed"),
        ("lead_first", 200, 0, "passed"),
        ("lead_first", 100, 11, "failed"),
        ("target_first", 0, 200, "passed"),
        ("target_first", 11, 100, "failed"),
    ],
)
def test_a_claim_fails_by_the_directions_that_are_false_in_its_world(truth: str, lead: int, target: int, status: str) -> None:
    (row,) = judged({"truth": truth, "lead_first_count": lead, "target_first_count": target})
    assert row["status"] == status
    assert row["limit"] == DEFAULT_LIMIT


def test_a_row_may_have_a_limit_of_its_own() -> None:
    assert [row["status"] for row in judged({"limit": 0.03})] == ["failed"]


def test_what_does_not_gate_is_measured_whatever_it_claims() -> None:
    (row,) = judged({"is_gating": False, "estimator": "naive_first", "lead_first_count": 200})
    assert row["status"] == "measured"
    assert row["lead_first_upper"] == 1.0


def test_a_metric_without_a_table_is_not_published_and_never_passed() -> None:
    unclaimed = {"is_gating": False, "truth": None, "lead_first_count": None, "target_first_count": None}
    without, known = judged(
        unclaimed | {"metric": "cascade_parents"},
        unclaimed | {"metric": "niche_agreement", "value": 0.9, "low": 0.8, "high": 1.0},
    )
    assert (without["status"], without["value"], without["lead_first_upper"]) == ("not_published", None, None)
    assert (known["status"], known["value"], known["low"], known["high"]) == ("measured", 0.9, 0.8, 1.0)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"lead_first_count": None}, "gates, but has no counts"),
        ({"truth": None}, "no direction that is false"),
        ({"truth": "any"}, "no direction that is false"),
        ({"lead_first_count": 150, "target_first_count": 51}, "150 and 51 claims of 200 seeds"),
        ({"lead_first_count": -1}, "-1 and 0 claims"),
        ({"truth": "sideways", "is_gating": False}, "truth sideways"),
    ],
)
def test_rows_that_cannot_be_judged_are_named(row: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        judged(row)


def test_two_rows_of_one_key_are_refused() -> None:
    with pytest.raises(ValueError, match="null_rate claims_media published has more than one row"):
        judged({}, {"seed_count": 300})


def test_a_failure_is_told_with_world_metric_direction_bound_and_limit() -> None:
    (row,) = judged({"lead_first_count": 30, "target_first_count": 20})
    lead, target = sentences(row)
    assert lead.startswith("world null_rate: claims_media of published claims lead_first in 30 of 200 seeds")
    assert f"bound {upper_bound(30, 200):.3f}, limit 0.085" in lead
    assert "claims target_first in 20 of 200" in target
    assert "too few" not in lead


def test_too_few_seeds_are_called_so() -> None:
    (row,) = judged({"seed_count": 10, "lead_first_count": 0})
    assert row["status"] == "failed"
    assert "10 seeds are too few: even without any such claim the bound would be 0.259" in sentences(row)[0]


def test_the_seeds_of_a_calibration_are_those_of_its_least_repeated_gating_world() -> None:
    rows = pa.Table.from_pylist(
        [_CLAIM, _CLAIM | {"world": "b", "seed_count": 60}, _CLAIM | {"world": "c", "seed_count": 2, "is_gating": False}], SCHEMA
    )
    assert seeds_of(rows) == 60
    assert seeds_of(rows.slice(0, 0)) == 0
