"""Scores of disclosure and of seeded trends: perfect tables score perfectly, spoilt ones by what was spoilt."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from pipelines.analysis.ethics_contracts import DISCLOSURE_MONTHS
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.metrics_ethics import MEASURES, naively_flagged, recall_at_one_percent, undisclosed_error
from pipelines.world.truth import SCHEMAS
from tests.unit.world.scored_world import WORLD, key

MONTHS = (date(2026, 6, 1), date(2026, 7, 1))
TRENDS = pa.schema(
    [
        ("label", pa.string()),
        ("commercial_share_first100", pa.float64()),
        ("astroturf_probability", pa.float64()),
        ("is_astroturf", pa.bool_()),
    ]
)


def _truth(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist([dict.fromkeys(SCHEMAS[name].names) | row for row in rows], SCHEMAS[name])


def paid(number: int, month: date, disclosure: str, platform: str = "bluesky") -> dict[str, Any]:
    """A paid post of truth."""
    moment = datetime(month.year, month.month, 15, tzinfo=UTC)
    return {"platform": platform, "native_id": f"n{number}", "disclosure": disclosure, "published_at": moment}


def linked(
    months: list[dict[str, Any]], sponsored: list[dict[str, Any]], trends: list[dict[str, Any]], planted: list[dict[str, Any]]
) -> Linked:
    """Published tables beside truth."""
    rows = [
        dict.fromkeys(DISCLOSURE_MONTHS.names)
        | {"platform": "*", "tier": "*", "niche_id": "*", "ruleset": "ftc_2023", "is_suppressed": False}
        | row
        for row in months
    ]
    loose = pa.schema([field.with_nullable(nullable=True) for field in DISCLOSURE_MONTHS])
    published = {
        "disclosure_months": pa.Table.from_pylist(rows, loose),
        "commercial_trends": pa.Table.from_pylist(trends, TRENDS),
    }
    deleted = [{"platform": "bluesky", "native_id": "gone", "is_stated": True}]
    truth = {
        "sponsored_posts": _truth("sponsored_posts", sponsored),
        "trends": _truth("trends", planted),
        "deletions": _truth("deletions", deleted),
    }
    return Linked(published, truth, key, WORLD)


def told(month: date, clear: int, ambiguous: int, undisclosed: float, flagged: int = 0) -> dict[str, Any]:
    """A month as it is published."""
    return {
        "month": month,
        "clear_count": clear,
        "ambiguous_count": ambiguous,
        "undisclosed_estimate_count": undisclosed,
        "flagged_count": flagged,
    }


SPONSORED = [
    paid(number, month, level) for month in MONTHS for number, level in enumerate(("none", "none", "clear_text", "ambiguous"))
]


def test_the_right_rate_has_no_error_and_a_wrong_one_is_told_in_percentage_points() -> None:
    right = linked([told(month, 1, 1, 2.0, flagged=0) for month in MONTHS], SPONSORED, [], [])
    assert MEASURES["undisclosed_error"](right).value == 0.0
    assert undisclosed_error(right, "flagged_count").value == pytest.approx(50.0)


def test_a_label_that_cannot_be_seen_counts_as_none_and_deleted_posts_do_not_count() -> None:
    posts = [
        paid(1, MONTHS[0], "platform_label"),
        paid(2, MONTHS[0], "platform_label", "x"),
        paid(3, MONTHS[0], "none") | {"native_id": "gone"},
    ]
    found = MEASURES["undisclosed_error"](linked([told(MONTHS[0], 1, 0, 1.0)], posts, [], []))
    assert (found.value, found.unit_count) == (0.0, 2)


def test_without_paid_posts_there_is_no_error() -> None:
    assert MEASURES["undisclosed_error"](linked([told(MONTHS[0], 0, 0, 0.0)], [], [], [])).value is None


def _trends(*probabilities: float) -> list[dict[str, Any]]:
    return [
        {
            "label": f"t{number}",
            "commercial_share_first100": value / 2,
            "astroturf_probability": value,
            "is_astroturf": value >= 0.5,
        }
        for number, value in enumerate(probabilities)
    ]


def test_seeded_trends_above_all_others_are_recalled() -> None:
    planted = [{"tag": "t0", "true_class": "brand_seeded"}, {"tag": "t1", "true_class": "brand_seeded"}]
    found = linked([], [], _trends(0.9, 0.3, 0.4, 0.1), planted)
    assert MEASURES["astroturf"](found).value == 0.5
    assert MEASURES["astroturf_recall"](found).value == 0.5
    assert MEASURES["astroturf_false"](found).value == 0.0
    assert naively_flagged(found).value == 0.5
    assert recall_at_one_percent(found, "commercial_share_first100").value == 0.5


def test_a_planted_trends_other_spelling_is_neither_seeded_nor_false() -> None:
    planted = [{"tag": "t0", "alias": "t1", "true_class": "brand_seeded"}]
    found = linked([], [], _trends(0.9, 0.8, 0.1), planted)
    assert MEASURES["astroturf_false"](found).value == 0.0
    assert MEASURES["astroturf"](found).unit_count == 1
