"""Which lines are ordinary: nothing about them can make ``rows`` refuse them. Reads the times of all lines at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.lake.schemas import INSTANT
from pipelines.platforms.protocol import FileContext
from pipelines.platforms.reddit.payloads import Comment, Moment, Submission
from pipelines.platforms.times import CLOCK_SKEW, EARLIEST

_MICROSECONDS: Final = 1_000_000
_LATEST_SECONDS: Final = 250_000_000_000.0  # in the year 9892: what lies beyond is for the single-line path to judge
_EARLIEST: Final = int(EARLIEST.timestamp()) * _MICROSECONDS
_CLOCK_SKEW: Final = int(CLOCK_SKEW.total_seconds()) * _MICROSECONDS
_LARGEST_INTEGER: Final = 2**63 - 1

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Payload = Comment | Submission


class Moments(NamedTuple):
    """Times of a column, in microseconds since 1970; ``odd`` are those that the single-line path must judge."""

    micros: Integers
    known: Mask
    odd: Mask

    def only(self, mask: Mask) -> Moments:
        """Those under the mask."""
        return Moments(self.micros[mask], self.known[mask], self.odd[mask])

    def array(self) -> pa.Array:
        """As a column; unknown times are NULL."""
        return pa.array(self.micros, pa.int64(), mask=~self.known).view(INSTANT)


class Ordinary(NamedTuple):
    """Which lines are ordinary, and the times that were read to know it."""

    mask: Mask
    observed: Integers
    is_exact: Mask
    published: Integers
    edited: Moments
    author_created: Moments

    def only(self) -> Ordinary:
        """The ordinary lines alone."""
        mask = self.mask
        return Ordinary(
            mask[mask],
            self.observed[mask],
            self.is_exact[mask],
            self.published[mask],
            self.edited.only(mask),
            self.author_created.only(mask),
        )


def ordinary(lines: Sequence[Payload], context: FileContext) -> Ordinary:
    """Judge lines. Never calls a line ordinary that the single-line path would refuse."""
    count = len(lines)
    published = _moments([line.created_utc for line in lines])
    observed, is_exact, odd = _observed(lines, context)
    edited = _moments([None if line.edited is None or isinstance(line.edited, bool) else line.edited for line in lines])
    author_created = _moments([line.author_created_utc for line in lines])
    good = published.known & ~odd
    for moments in (published, edited, author_created):
        within = (moments.micros >= _EARLIEST) & (moments.micros <= observed + _CLOCK_SKEW)
        good &= ~moments.known | (within & ~moments.odd)
    is_comment = isinstance(lines[0], Comment)
    for name in ("id", "link_id") if is_comment else ("id",):
        ids = list(map(attrgetter(name), lines))
        if not all(ids):
            good &= np.fromiter(map(bool, ids), np.bool_, count)
    for name in ("score",) if is_comment else ("score", "num_comments", "num_crossposts"):
        values = list(map(attrgetter(name), lines))
        try:
            pa.array(values, pa.int64())
        except (OverflowError, pa.ArrowException):
            good &= np.fromiter((v is None or -_LARGEST_INTEGER <= v <= _LARGEST_INTEGER for v in values), np.bool_, count)
    return Ordinary(good, observed, is_exact, published.micros, edited, author_created)


def _observed(lines: Sequence[Payload], context: FileContext) -> tuple[Integers, Mask, Mask]:
    """Times of observation, whether the line itself tells them, and which are odd; as ``rows`` reads them."""
    count = len(lines)
    limit = int(datetime(context.night.year + 1, 1, 1, tzinfo=UTC).timestamp()) * _MICROSECONDS
    observed = np.full(count, _micros_of(context.observed_at), np.int64)
    is_open, odd = np.ones(count, np.bool_), np.zeros(count, np.bool_)
    readings: tuple[Callable[[], list[Moment]], ...] = (
        lambda: [None if line.meta is None else line.meta.retrieved_2nd_on for line in lines],
        lambda: [line.retrieved_on for line in lines],
        lambda: [line.retrieved_utc for line in lines],
    )
    for reading in readings:
        moments = _moments(reading())
        odd |= moments.odd
        told = is_open & moments.known & (moments.micros <= limit)
        observed[told] = moments.micros[told]
        is_open &= ~told
        if not is_open.any():
            break
    return observed, ~is_open, odd


def _micros_of(moment: datetime) -> int:
    return int(moment.replace(microsecond=0).timestamp()) * _MICROSECONDS + moment.microsecond


def _moments(values: list[Moment]) -> Moments:
    if values.count(None) == len(values):
        nothing = np.zeros(len(values), np.bool_)
        return Moments(np.zeros(len(values), np.int64), nothing, nothing)
    if str in set(map(type, values)):
        values = [_number(value) if isinstance(value, str) else value for value in values]
    seconds = np.array(values, np.float64)
    known = ~np.isnan(seconds)
    with np.errstate(invalid="ignore"):
        odd = known & ~((seconds >= 0) & (seconds <= _LATEST_SECONDS))
    fraction, whole = np.modf(np.where(known & ~odd, seconds, 0.0))
    # As datetime.fromtimestamp rounds: the fraction alone, to even.
    micros = whole.astype(np.int64) * _MICROSECONDS + np.rint(fraction * _MICROSECONDS).astype(np.int64)
    return Moments(micros, known, odd)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return np.inf
    return np.inf if np.isnan(number) else number
