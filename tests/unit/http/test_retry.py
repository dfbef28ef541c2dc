"""The retry law: what an answer means, and how long to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import pytest

from pipelines.http.protocol import Answer, Judgement
from pipelines.http.retry import LIMITS, Failure, Verdict, decide

NOW = datetime(2026, 10, 2, 3, tzinfo=UTC)


def told(outcome: int | Failure, attempt: int = 1, judgement: Judgement | None = None, **headers: str) -> Verdict:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return decide(outcome, named, attempt, judgement, NOW, Random(attempt))


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        (200, Answer.FINE),
        (206, Answer.FINE),
        (304, Answer.FINE),
        (404, Answer.GONE),
        (410, Answer.GONE),
        (429, Answer.WAIT),
        (408, Answer.AGAIN),
        (500, Answer.AGAIN),
        (503, Answer.AGAIN),
        (529, Answer.AGAIN),
        (501, Answer.REFUSED),
        (301, Answer.REFUSED),
        (400, Answer.REFUSED),
        (401, Answer.REFUSED),
        (403, Answer.REFUSED),
        (Failure.TIMEOUT, Answer.AGAIN),
        (Failure.CONNECTION, Answer.AGAIN),
        (Failure.TRUNCATED, Answer.AGAIN),
        (Failure.WRONG_CONTENT, Answer.AGAIN),
        (Failure.TOO_LARGE, Answer.REFUSED),
        (Failure.NOT_ALLOWED, Answer.REFUSED),
        (Failure.NO_CREDENTIAL, Answer.REFUSED),
    ],
)
def test_a_status_or_failure_without_more_has_one_meaning(outcome: int | Failure, answer: Answer) -> None:
    assert told(outcome).answer is answer


def test_retry_after_is_never_cut_short_in_seconds_or_as_a_date() -> None:
    assert 120 <= told(429, retry_after="120").wait_seconds <= 121
    date = format_datetime(NOW + timedelta(seconds=90), usegmt=True)
    assert 90 <= told(429, retry_after=date).wait_seconds <= 91
    assert told(503, retry_after="30").wait_seconds == 30


def test_a_date_is_read_by_the_clock_of_the_server_that_wrote_it() -> None:
    wrong = NOW - timedelta(hours=5)
    date, after = format_datetime(wrong, usegmt=True), format_datetime(wrong + timedelta(seconds=40), usegmt=True)
    assert 40 <= told(429, retry_after=after, date=date).wait_seconds <= 41


def test_a_retry_after_that_is_past_or_zero_still_waits_a_little() -> None:
    past = format_datetime(NOW - timedelta(hours=1), usegmt=True)
    for after in ("0", "-5", past):
        assert 0.5 <= told(429, retry_after=after).wait_seconds <= 3


@pytest.mark.parametrize("after", ["1e308", "86400", "Fri, 31 Dec 9999 23:59:59 GMT", "2030-01-01T00:00:00Z"])
def test_an_absurd_wait_is_given_up_with_its_reason(after: str) -> None:
    verdict = told(429, retry_after=after)
    assert verdict.answer is Answer.REFUSED
    assert verdict.is_over
    assert "the server asks to wait" in verdict.reason


@pytest.mark.parametrize("after", ["soon", "nan", "inf", "", "12 parsecs"])
def test_an_unreadable_retry_after_is_as_none(after: str) -> None:
    assert 5 <= told(429, retry_after=after).wait_seconds <= 10


def test_waiting_without_a_word_grows_and_ends() -> None:
    waits = [told(429, attempt) for attempt in range(1, LIMITS.wait_attempts + 1)]
    assert [verdict.answer for verdict in waits[:-1]] == [Answer.WAIT] * (LIMITS.wait_attempts - 1)
    assert waits[2].wait_seconds > waits[0].wait_seconds
    assert waits[-1].answer is Answer.REFUSED
    assert waits[-1].is_over


def test_a_failure_of_the_moment_backs_off_with_jitter_and_is_given_up() -> None:
    verdicts = [told(500, attempt) for attempt in range(1, LIMITS.again_attempts + 1)]
    for attempt, verdict in enumerate(verdicts[:-1], 1):
        assert 2 ** (attempt - 1) / 2 <= verdict.wait_seconds <= 2 ** (attempt - 1)
    assert verdicts[-1].answer is Answer.REFUSED
    assert verdicts[-1].is_momentary
    assert not verdicts[-1].is_over
    assert len({decide(500, {}, 3, None, NOW, Random(seed)).wait_seconds for seed in range(20)}) == 20


def test_the_platform_s_own_word_goes_before_the_status() -> None:
    assert told(200, judgement=Judgement(Answer.REFUSED, "no such scope")) == Verdict(Answer.REFUSED, reason="no such scope")
    assert told(403, judgement=Judgement(Answer.WAIT, "quota", 60.0)).wait_seconds >= 60
    assert told(400, judgement=Judgement(Answer.GONE, "deactivated")).answer is Answer.GONE
    assert told(403, judgement=Judgement(Answer.WAIT, "daily quota", 40_000.0)).is_over


def test_a_403_with_a_used_up_allowance_is_told_from_a_ban() -> None:
    assert told(403, x_ratelimit_remaining="0", x_ratelimit_reset="30").answer is Answer.WAIT
    assert told(403, x_ratelimit_remaining="12", x_ratelimit_reset="30").answer is Answer.REFUSED


def test_a_429_with_a_reset_and_no_count_waits_for_the_reset() -> None:
    assert 300 <= told(429, ratelimit_reset="300").wait_seconds <= 301
