"""A small invented world in the shape of the exchange tables, and trends under several names: for tests of gates, reuse and order. Levels are held on worlds of the simulator."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.analysis import contracts
from pipelines.analysis.increments import text_words
from pipelines.analysis.trend_rows import TrendTables

RATE_RATIO: Final = 4.0
"""Macro accounts post so many times as often as micro accounts."""
ADOPTION: Final = 0.3
_EPOCH_HOURS: Final = datetime(2026, 1, 1, tzinfo=UTC).timestamp() / 3600
_HISTORY_HOURS: Final = 30 * 24.0
_WINDOW_HOURS: Final = 28 * 24.0
_BEFORE_BIRTH_HOURS: Final = 7 * 24.0


def simulated(trend_count: int, seed: int, *, micro_count: int, macro_count: int) -> TrendTables:
    """Trends that nobody leads in, forty days apart: exposure is Gamma(2, 36 h) for all; accounts recur over trends.

    Args:
        trend_count: Number of trends.
        seed: Of all draws.
        micro_count: Exposed micro accounts a trend, of five times as many.
        macro_count: Exposed macro accounts a trend, of five times as many.
    """
    rng = np.random.default_rng(seed)
    pools = [5 * micro_count, 5 * macro_count]
    rates = np.exp(rng.normal(0.0, 0.7, sum(pools))) * np.repeat([1.0, RATE_RATIO], pools) / 24
    length = _HISTORY_HOURS + _WINDOW_HOURS
    candidates: list[dict[str, Any]] = []
    adoptions: list[dict[str, Any]] = []
    timelines: list[dict[str, Any]] = []
    for number in range(trend_count):
        key = f"t{number:04d}"
        begin = _EPOCH_HOURS + 960.0 * number
        micro = rng.choice(pools[0], micro_count, replace=False)
        macro = pools[0] + rng.choice(pools[1], macro_count, replace=False)
        found: list[tuple[int, NDArray[np.float64], int]] = []
        for account in np.concatenate([micro, macro]).tolist():
            posts = np.sort(rng.random(rng.poisson(rates[account] * length)) * length) - _HISTORY_HOURS
            place = int(np.searchsorted(posts, rng.gamma(2.0, 36.0))) + int(rng.geometric(ADOPTION)) - 1
            if place < posts.size:
                found.append((account, posts, place))
        birth = min(posts[place] for _, posts, place in found)
        for account, posts, place in found:
            account_key = f"a{account:05d}"
            adoptions.append(
                {
                    "trend_key": key,
                    "account_key": account_key,
                    "platform": "reddit",
                    "actor_class": "creator",
                    "tier_at_birth": "micro" if account < pools[0] else "macro",
                    "adopted_at": _moment(begin + posts[place]),
                    "previous_post_at": _moment(begin + posts[place - 1]) if place else None,
                    "prior_post_count": int((posts < birth).sum()),
                    "prior_exposure_days": 30.0,
                    "ts_quality": "exact",
                }
            )
            timelines += [
                {
                    "trend_key": key,
                    "account_key": account_key,
                    "published_at": _moment(begin + posts[row]),
                    "has_trend": row == place,
                }
                for row in np.flatnonzero(posts >= birth - _BEFORE_BIRTH_HOURS).tolist()
            ]
        candidates.append(
            {
                "trend_key": key,
                "unit_type": "hashtag",
                "label": key,
                "born_at": _moment(begin + birth),
                "window_ends_at": _moment(begin + _WINDOW_HOURS),
                "adopter_count": len(found),
                "is_left_censored": False,
                "is_in_use_before": False,
                "largest_day_share": 0.2,
            }
        )
    return TrendTables(
        pa.Table.from_pylist(candidates, schema=contracts.INT_TREND_CANDIDATES),
        pa.Table.from_pylist(adoptions, schema=contracts.INT_TREND_ADOPTIONS),
        pa.Table.from_pylist(timelines, schema=contracts.INT_TREND_TIMELINES),
    )


def _moment(hours: float) -> datetime:
    return datetime.fromtimestamp(round(hours * 3600, 6), UTC)


def under_names(tables: TrendTables, count: int) -> TrendTables:
    """Each trend under so many names, which the same accounts use in the same posts: each further name is used by nine in ten of them.

    Args:
        tables: Trends.
        count: Names of each.
    """
    named = [tables]
    for number in range(1, count):
        again = []
        for table in (tables.candidates, tables.adoptions, tables.timelines):
            keys = pa.array([f"{key} {number}" for key in table["trend_key"].to_pylist()], table.schema.field("trend_key").type)
            copied = table.set_column(table.schema.get_field_index("trend_key"), table.schema.field("trend_key"), keys)
            if "account_key" in table.column_names:
                accounts = sorted(set(table["account_key"].to_pylist()))
                kept = [account for account, word in zip(accounts, text_words(accounts), strict=True) if int(word) % 10 != number]
                copied = copied.filter(pc.is_in(copied["account_key"], value_set=pa.array(kept, pa.string())))
            again.append(copied)
        named.append(TrendTables(*again))
    together = zip(*((each.candidates, each.adoptions, each.timelines) for each in named), strict=True)
    return TrendTables(*(pa.concat_tables(parts) for parts in together))
