"""What outlets print: their daily items, and which of them take up a trend, by a common cause or from what accounts do. No accounts' posts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from pipelines.world.drawn import DAY, HOUR, NEVER, NOBODY, POST, Floats, Ints, Items, Outlet, Posts, Trend
from pipelines.world.worlds import AGAIN_CHANCE, AGAIN_COUNT, WAVE_HOURS, WAVE_SHAPE, World

_FIRST_HOUR: Final = 6
_LAST_HOUR: Final = 20
_COVER_ON_BEAT: Final = 0.85
_COVER_OFF_BEAT: Final = 0.4
_NOTICE_OFF_BEAT: Final = 0.25
_BASE_HAZARD: Final = 0.0004
_BY_ADOPTERS: Final = 0.75
_ON_BEAT: Final = 3.0
_BY_LARGE: Final = 0.35
_MEMORY: Final = 200


class Press:
    """Draws the items of one day after another."""

    def __init__(self, rng: np.random.Generator, world: World, outlets: Sequence[Outlet], trends: Sequence[Trend]) -> None:
        self._world, self._outlets, self._trends = world, outlets, trends
        shape = (len(trends), len(outlets))
        self.exposed_second = np.full(shape, NEVER)
        """When each outlet could first have printed each trend; NEVER."""
        self.printed_second = np.full(shape, NEVER)
        """When it first did."""
        self._wait = rng.geometric(world.trends.adoption, shape).astype(np.int64)
        self._left = np.zeros(shape, dtype=np.int64)
        self._source = np.full((*shape, 3), NOBODY)
        self._seen: list[list[tuple[int, int, int]]] = [[] for _ in trends]
        self._next_number = 1
        self._pending: list[tuple[int, int, int, int]] = []
        self._beat = np.array([outlet.beat for outlet in outlets])
        on_beat = self._beat[None, :] == np.array([trend.niche for trend in trends])[:, None]
        self._on_beat = on_beat
        self._could_notice = rng.random(shape) < np.where(on_beat, _COVER_ON_BEAT, _NOTICE_OFF_BEAT)
        self._expose(rng)

    def _expose(self, rng: np.random.Generator) -> None:
        mix = self._world.trends
        for number, trend in enumerate(self._trends):
            draw, wave = rng.random(len(self._outlets)), rng.gamma(WAVE_SHAPE, WAVE_HOURS, len(self._outlets))
            hurry = rng.exponential(2.0, len(self._outlets))
            covers = draw < np.where(self._beat == trend.niche, _COVER_ON_BEAT, _COVER_OFF_BEAT)
            match trend.true_class:
                case "media_origin":
                    hours = wave / 5
                case "shock":
                    hours = hurry
                case _ if mix.follows_accounts or trend.true_class == "niche_origin":
                    continue
                case "background":
                    hours = wave + (mix.media_lag_hours if trend.media_direction == "lead_first" and mix.media_lag_hours else 0.0)
                case "macro_origin" | "brand_seeded":
                    hours = 72.0 + wave
                case _:
                    hours = wave
            seconds = trend.born_second + hours * HOUR + self._editorial_seconds(rng, len(self._outlets))
            self.exposed_second[number] = np.where(covers, seconds, NEVER)

    def _editorial_seconds(self, rng: np.random.Generator, count: int) -> Floats:
        median = self._world.trends.editorial_days
        return median * DAY * np.exp(rng.normal(0, 0.5, count)) if median else np.zeros(count)

    def draw(self, rng: np.random.Generator, day: int, posts: Posts, adopters: Ints, large_adopters: Ints) -> Items:
        """Draw one day's items in order of second.

        Args:
            rng: Of this day.
            day: 0-based.
            posts: The day's posts with their trends; outlets remember some of them.
            adopters: Adopters of each trend until yesterday.
            large_adopters: Those of them over 100,000 followers.
        """
        if self._world.trends.follows_accounts:
            self._remember(rng, posts)
            self._notice(rng, day, adopters, large_adopters)
        outlet, second = self._slots(rng, day)
        slots = len(outlet)
        trend, credit = np.full(slots, NOBODY), np.full((slots, 3), NOBODY)
        # An item about two trends is two items of one second, so that neither waits for the other.
        extra: list[tuple[int, int, int, tuple[int, ...]]] = []
        for number in self._alive(day):
            for slot, first in self._print(rng, number, outlet, second):
                source = tuple(self._source[number, first].tolist()) if first != NOBODY else (NOBODY,) * 3
                if trend[slot] == NOBODY:
                    trend[slot], credit[slot] = number, source
                else:
                    extra.append((int(outlet[slot]), int(second[slot]), number, source))
        self._plan_reprints(rng, outlet, second, trend, self._next_number + np.arange(slots))
        due = [entry for entry in self._pending if entry[1] < (day + 1) * DAY]
        self._pending = [entry for entry in self._pending if entry[1] >= (day + 1) * DAY]
        for one, when, number, _ in due:
            self.printed_second[number, one] = min(self.printed_second[number, one], when)
        outlet = np.concatenate([outlet, [entry[0] for entry in extra], [entry[0] for entry in due]]).astype(np.int64)
        second = np.concatenate([second, [entry[1] for entry in extra], [entry[1] for entry in due]]).astype(np.int64)
        trend = np.concatenate([trend, [entry[2] for entry in extra], [entry[2] for entry in due]]).astype(np.int64)
        original = np.concatenate([np.full(slots + len(extra), NOBODY), [entry[3] for entry in due]]).astype(np.int64)
        sources = [entry[3] for entry in extra] + [(NOBODY,) * 3] * len(due)
        credit = np.concatenate([credit, np.array(sources, dtype=np.int64).reshape(-1, 3)])
        numbers = self._next_number + np.arange(len(outlet))
        self._next_number += len(outlet)
        order = np.lexsort((numbers, second))
        pick = rng.integers(0, 1 << 63, len(order)).astype(np.uint64)
        return Items(
            numbers[order], outlet[order], second[order], trend[order], original[order], credit[order, 0], credit[order, 1],
            credit[order, 2], pick,
        )  # fmt: skip

    def _slots(self, rng: np.random.Generator, day: int) -> tuple[Ints, Ints]:
        """Outlet and second of the day's items, by outlet and second. The calendar begins on a Monday."""
        is_weekend = day % 7 >= 5
        rates = np.array([0.0 if outlet.is_weekday and is_weekend else outlet.daily_rate for outlet in self._outlets])
        outlet = np.repeat(np.arange(len(rates)), rng.poisson(rates))
        second = day * DAY + rng.integers(_FIRST_HOUR * HOUR, _LAST_HOUR * HOUR, len(outlet))
        order = np.lexsort((second, outlet))
        return outlet[order], second[order]

    def _alive(self, day: int) -> list[int]:
        end = (day + 1) * DAY
        return np.flatnonzero(
            ((self.exposed_second < end) & ((self.printed_second == NEVER) | (self._left > 0))).any(axis=1)
        ).tolist()

    def _print(self, rng: np.random.Generator, number: int, outlet: Ints, second: Ints) -> list[tuple[int, int]]:
        """Each item after the exposure takes the trend with a chance; after the first one, the next six with another.

        Returns:
            The row of each item that takes it, and the number of the source it links to or NOBODY.
        """
        taken: list[tuple[int, int]] = []
        for one in np.unique(outlet).tolist():
            for slot in np.flatnonzero((outlet == one) & (second >= self.exposed_second[number, one])).tolist():
                if self.printed_second[number, one] == NEVER:
                    self._wait[number, one] -= 1
                    if self._wait[number, one] <= 0:
                        self.printed_second[number, one] = second[slot]
                        self._left[number, one] = AGAIN_COUNT
                        taken.append((slot, one))
                elif self._left[number, one] > 0:
                    self._left[number, one] -= 1
                    if rng.random() < AGAIN_CHANCE:
                        taken.append((slot, NOBODY))
        return taken

    def _remember(self, rng: np.random.Generator, posts: Posts) -> None:
        told = np.flatnonzero((posts.trend != NOBODY) & (posts.kind == POST))
        for row in rng.permutation(told)[:_MEMORY].tolist():
            seen = self._seen[int(posts.trend[row])]
            seen.append((int(posts.number[row]), int(posts.account[row]), int(posts.second[row])))
            del seen[:-_MEMORY]

    def _notice(self, rng: np.random.Generator, day: int, adopters: Ints, large_adopters: Ints) -> None:
        """The hazard that an outlet takes notice grows with adopters, on its beat, and once large creators are there."""
        open_pairs = (self.exposed_second == NEVER) & self._could_notice
        hazard = _BASE_HAZARD * (adopters[:, None] ** _BY_ADOPTERS) * np.where(self._on_beat, _ON_BEAT, 1.0)
        hazard = hazard * np.exp(_BY_LARGE * np.log1p(large_adopters))[:, None]
        notices = open_pairs & (rng.random(hazard.shape) < 1 - np.exp(-hazard))
        delays = np.array([outlet.delay_days for outlet in self._outlets])
        for number, one in np.argwhere(notices).tolist():
            second = day * DAY + int(rng.integers(DAY))
            lag = delays[one] * float(np.exp(rng.normal(0, 0.5)))
            self.exposed_second[number, one] = second + int(lag * DAY)
            seen = [entry for entry in self._seen[number] if entry[2] < second]
            if seen and rng.random() < self._world.trends.credit_share:
                self._source[number, one] = seen[int(rng.integers(len(seen)))]

    def _plan_reprints(self, rng: np.random.Generator, outlet: Ints, second: Ints, trend: Ints, numbers: Ints) -> None:
        share = self._world.trends.reprint_share
        if not share:
            return
        for row in np.flatnonzero(trend != NOBODY).tolist():
            for other, subscriber in enumerate(self._outlets):
                if subscriber.wire == outlet[row] and rng.random() < share:
                    when = int(second[row]) + int(rng.uniform(1, 8) * HOUR)
                    self._pending.append((other, when, int(trend[row]), int(numbers[row])))
