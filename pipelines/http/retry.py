"""The retry law, as one pure function: what an answer or a failure means, and how long to wait before asking again."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final

from pipelines.http.budget import allowance
from pipelines.http.protocol import Answer, Judgement


class Failure(enum.StrEnum):
    """Why no usable answer came."""

    TIMEOUT = "timeout"  # connecting, reading, or the whole request took too long
    CONNECTION = "connection"  # refused, reset, or closed without an answer
    TRUNCATED = "truncated"  # the body ended before its end
    WRONG_CONTENT = "wrong_content"  # a web page or garbage in place of what was asked for
    TOO_LARGE = "too_large"
    NOT_ALLOWED = "not_allowed"  # a host, scheme, address or redirect that is not on the list
    NO_CREDENTIAL = "no_credential"


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient the law is."""

    again_attempts: int = 5  # of one request that fails for the moment
    wait_attempts: int = 8  # of one request that is told to wait
    longest_wait_seconds: float = 1_000.0  # a window of 15 minutes, and a little; whoever asks for more gets the next night
    first_backoff_seconds: float = 1.0
    longest_backoff_seconds: float = 60.0
    first_wait_seconds: float = 5.0  # where a platform says to wait and not how long


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done about one attempt.

    Attributes:
        answer: FINE, GONE and REFUSED end the request; after WAIT and AGAIN it is sent once more.
        wait_seconds: before it is sent again.
        reason: for a person.
        is_over: nothing more is to be asked of this platform tonight.
        is_momentary: whether another night may bring what this one refuses.
    """

    answer: Answer
    wait_seconds: float = 0.0
    reason: str = ""
    is_over: bool = False
    is_momentary: bool = False


LIMITS: Final = Limits()
_GONE: Final = frozenset({404, 410})
_AGAIN: Final = frozenset({408, 421, 425})
_NEVER: Final = frozenset({501, 505, 511})
_MOMENTARY: Final = frozenset({Failure.TIMEOUT, Failure.CONNECTION, Failure.TRUNCATED, Failure.WRONG_CONTENT})


def decide(
    outcome: int | Failure,
    headers: Mapping[str, str],
    attempt: int,
    judgement: Judgement | None,
    now: datetime,
    random: Random,
    limits: Limits = LIMITS,
) -> Verdict:
    """What an attempt means. The platform's own judgement goes before the status.

    The backoff is exponential with equal jitter, half of it fixed (Brooker, "Exponential Backoff And Jitter", 2015); what the server asks for is never cut
    short, but a wait beyond ``longest_wait_seconds`` is given up with its reason.

    Args:
        outcome: status of the answer, or why there is none.
        headers: of the answer, names in lower case.
        attempt: which one this was, from 1.
        judgement: what the platform says of the page.
        now: when the answer came (UTC).
        random: the source of jitter.
        limits: how patient to be.
    """
    meaning, reason = (judgement.answer, judgement.reason) if judgement else _meaning(outcome, headers, now)
    if meaning is Answer.WAIT:
        asked = judgement.wait_seconds if judgement else None
        return _waiting(asked, headers, attempt, reason, now, random, limits)
    if meaning is Answer.AGAIN:
        if attempt >= limits.again_attempts:
            return Verdict(Answer.REFUSED, reason=f"{reason}, still after {attempt} attempts", is_momentary=True)
        backoff = _backoff(limits.first_backoff_seconds, attempt, random, limits)
        said = judgement.wait_seconds if judgement and judgement.wait_seconds is not None else None
        asked = said if said is not None else allowance(headers, now).retry_after_seconds
        return _capped(max(backoff, asked or 0.0), Answer.AGAIN, reason, limits)
    return Verdict(meaning, reason=reason)


def _meaning(outcome: int | Failure, headers: Mapping[str, str], now: datetime) -> tuple[Answer, str]:
    if isinstance(outcome, Failure):
        return (Answer.AGAIN if outcome in _MOMENTARY else Answer.REFUSED), outcome.value.replace("_", " ")
    reason = f"status {outcome}"
    if 200 <= outcome < 300 or outcome == 304:
        return Answer.FINE, ""
    if outcome in _GONE:
        return Answer.GONE, reason
    if outcome == 429:
        return Answer.WAIT, reason
    if outcome == 403 and allowance(headers, now).pause_seconds() is not None:
        return Answer.WAIT, f"{reason}, with a used-up allowance"
    if outcome in _AGAIN or (outcome >= 500 and outcome not in _NEVER):
        return Answer.AGAIN, reason
    return Answer.REFUSED, reason


def _waiting(
    asked: float | None, headers: Mapping[str, str], attempt: int, reason: str, now: datetime, random: Random, limits: Limits
) -> Verdict:
    if attempt >= limits.wait_attempts:
        return Verdict(Answer.REFUSED, reason=f"{reason}, still after {attempt} attempts", is_over=True, is_momentary=True)
    if asked is None:
        said = allowance(headers, now)
        # Some say 'used up' without a remaining count: the end of the window is then the best that is known.
        asked = said.pause_seconds() if said.pause_seconds() is not None else said.resets_seconds
    if asked is None:
        wait = limits.first_wait_seconds * 2 ** (attempt - 1) * (1 + random.random())
        return Verdict(Answer.WAIT, min(wait, limits.longest_wait_seconds), reason)
    # Jitter only on top: earlier than asked is never right. A server that says 0 and means it not is not hammered either.
    wait = asked + random.random() + (_backoff(limits.first_backoff_seconds, attempt, random, limits) if asked < 1 else 0.0)
    return _capped(wait, Answer.WAIT, reason, limits)


def _capped(wait: float, answer: Answer, reason: str, limits: Limits) -> Verdict:
    if wait <= limits.longest_wait_seconds:
        return Verdict(answer, wait, reason)
    told = f"{reason}; the server asks to wait {wait:,.0f} s, and {limits.longest_wait_seconds:,.0f} s is the most that is waited"
    return Verdict(Answer.REFUSED, reason=told, is_over=True, is_momentary=True)


def _backoff(first: float, attempt: int, random: Random, limits: Limits) -> float:
    ceiling: float = min(limits.longest_backoff_seconds, first * 2 ** (attempt - 1))
    return ceiling * (0.5 + random.random() / 2)
