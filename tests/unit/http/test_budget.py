"""What rate headers of each family say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from pipelines.http.budget import Allowance, allowance

NOW = datetime(2026, 10, 2, 3, tzinfo=UTC)
IN_A_MINUTE = NOW + timedelta(seconds=60)
META = '{"123":[{"call_count":%d,"total_cputime":20,"total_time":5,"estimated_time_to_regain_access":%d}]}'


@pytest.mark.parametrize(
    ("family", "headers", "remaining", "resets"),
    [
        ("bluesky", {"ratelimit-limit": "3000", "ratelimit-remaining": "2999", "ratelimit-reset": str(int(IN_A_MINUTE.timestamp()))}, 2999, 60),
        ("reddit", {"x-ratelimit-used": "4", "x-ratelimit-remaining": "96.0", "x-ratelimit-reset": "60.5"}, 96, 60.5),
        ("mastodon", {"x-ratelimit-remaining": "298", "x-ratelimit-reset": "2026-10-02T03:01:00.000000Z"}, 298, 60),
        ("x", {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(IN_A_MINUTE.timestamp()))}, 0, 60),
        ("milliseconds", {"x-ratelimit-remaining": "1", "x-ratelimit-reset": str(int(IN_A_MINUTE.timestamp() * 1000))}, 1, 60),
        ("draft 7", {"ratelimit": "limit=100, remaining=50, reset=60"}, 50, 60),
        ("draft 9", {"ratelimit": '"default";r=50;t=60'}, 50, 60),
        ("tumblr", {"x-ratelimit-perday-remaining": "0", "x-ratelimit-perday-reset": "600", "x-ratelimit-perhour-remaining": "0", "x-ratelimit-perhour-reset": "60"}, 0, 600),
        ("tumblr, tightest", {"x-ratelimit-perday-remaining": "4000", "x-ratelimit-perday-reset": "600", "x-ratelimit-perhour-remaining": "3", "x-ratelimit-perhour-reset": "60"}, 3, 60),
        ("meta, used up", {"x-business-use-case-usage": META % (100, 4)}, 0, 240),
        ("meta, some", {"x-business-use-case-usage": META % (60, 0)}, None, None),
        ("meta, app", {"x-app-usage": '{"call_count":100,"total_cputime":1,"total_time":1}'}, 0, None),
        ("nonsense", {"x-ratelimit-remaining": "lots", "x-ratelimit-reset": "later", "ratelimit": "?", "x-app-usage": "{"}, None, None),
        ("nothing", {}, None, None),
    ],
)  # fmt: skip
def test_each_family_is_read(family: str, headers: dict[str, str], remaining: float | None, resets: float | None) -> None:
    said = allowance(headers, NOW)
    assert (said.remaining, said.resets_seconds) == (remaining, pytest.approx(resets) if resets is not None else None), family


@pytest.mark.parametrize("skew_hours", [-30, -1, 0, 1, 30])
def test_absolute_times_are_taken_against_the_answer_s_own_date(skew_hours: int) -> None:
    there = NOW + timedelta(hours=skew_hours)
    for reset in (str(int(there.timestamp()) + 60), (there + timedelta(seconds=60)).isoformat()):
        headers = {"date": format_datetime(there, usegmt=True), "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
        assert allowance(headers, NOW).pause_seconds() == pytest.approx(60)


def test_a_pause_is_due_only_where_nothing_is_left_or_it_is_asked_for() -> None:
    assert Allowance(remaining=1, resets_seconds=60).pause_seconds() is None
    assert Allowance(remaining=0, resets_seconds=60).pause_seconds() == 60
    assert Allowance(retry_after_seconds=5, remaining=10, resets_seconds=60).pause_seconds() == 5


def test_a_reset_in_the_past_is_now() -> None:
    assert allowance({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1600000000"}, NOW).pause_seconds() == 0
