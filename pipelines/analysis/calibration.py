"""Null and power worlds at the level of the estimators, and how often each estimator makes a claim in them. No estimator is defined here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import binomtest

from pipelines.analysis import contracts
from pipelines.analysis.origin import first_share, naive_origin, two_sided_normal_p
from pipelines.analysis.timeline import TimelineParameters
from pipelines.analysis.trends import TrendParameters, analyse_trends

METHOD_VERSION: Final = "calibration_2"
Floats = NDArray[np.float64]
NOMINAL: Final = 0.05
_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
_HISTORY_DAYS: Final = 30
_WINDOW_DAYS: Final = 28

CALIBRATION: Final = pa.schema(
    [
        pa.field("world", pa.string(), nullable=False),
        pa.field("estimator", pa.string(), nullable=False),
        pa.field("world_count", pa.int64(), nullable=False),
        pa.field("claims_lead_first", pa.int64(), nullable=False),
        pa.field("claims_target_first", pa.int64(), nullable=False),
        pa.field("false_claim_rate", pa.float64()),  # NULL in power worlds
        pa.field("nominal", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True)
class World:
    """A world of trends.

    Attributes:
        rate_ratio: Macro posting rate over micro posting rate.
        adoption: Chance that a post after exposure uses the trend.
        micro_lead_hours: How much earlier micro are exposed, in the trends where they are.
        lead_share: Share of trends where micro are exposed earlier.
        is_bursty: Micro posts come in bursts (log-normal gaps, sigma 1.5), macro posts do not.
    """

    rate_ratio: float = 1.0
    adoption: float = 1.0
    micro_lead_hours: float = 0.0
    lead_share: float = 1.0
    is_bursty: bool = False

    @property
    def is_null(self) -> bool:
        """Whether a claim in this world is false."""
        return self.micro_lead_hours == 0


WORLDS: Final[dict[str, World]] = {
    "null_exchangeable": World(),
    "null_ratio_4": World(rate_ratio=4),
    "null_ratio_quarter": World(rate_ratio=0.25),
    "null_ratio_4_p_3": World(rate_ratio=4, adoption=0.3),
    "null_ratio_quarter_p_3": World(rate_ratio=0.25, adoption=0.3),
    "null_bursty_p_5": World(adoption=0.5, is_bursty=True),
    "micro_24_hours_earlier": World(rate_ratio=4, micro_lead_hours=24),
    "micro_24_hours_earlier_p_3": World(rate_ratio=4, adoption=0.3, micro_lead_hours=24),
    "fifth_of_trends_96_hours_earlier": World(rate_ratio=4, micro_lead_hours=96, lead_share=0.2),
}


TREND_WORLDS: Final[dict[str, World]] = {
    f"ratio_{name}_p_{adoption:g}": World(rate_ratio=ratio, adoption=adoption)
    for name, ratio in (("4", 4.0), ("quarter", 0.25))
    for adoption in (1.0, 0.5, 0.2)
}


@dataclass(frozen=True)
class WorldTables:
    """The exchange tables of one simulated world."""

    candidates: pa.Table
    adoptions: pa.Table
    timelines: pa.Table


def _post_hours(rate: float, *, is_bursty: bool, generator: np.random.Generator) -> Floats:
    """Posting times from the history's start to the window's end, hours since nominal birth."""
    length = 24.0 * (_HISTORY_DAYS + _WINDOW_DAYS + 4)
    if not is_bursty:
        times = np.sort(generator.random(generator.poisson(rate * length / 24)) * length)
    else:
        gap, sigma = 24.0 / rate, 1.5
        draws = generator.lognormal(np.log(gap) - sigma**2 / 2, sigma, int(6 * length / gap) + 50)
        # A long run-in, so that the process is near stationary when the history begins.
        times = np.cumsum(draws) - 2 * length
        times = times[(times >= 0) & (times < length)]
    return np.asarray(times - 24.0 * _HISTORY_DAYS)


def simulate_world(world: World, trend_count: int, seed: int, *, micro_count: int = 80, macro_count: int = 25) -> WorldTables:
    """Simulate posting and adoption and give what the exchange tables would hold.

    Exposure is Gamma(2, 36 h) after the nominal birth; posting rates are log-normal (sigma 0.7, median 1 a day for
    micro); accounts recur over trends, from pools five times as large as a trend.

    Args:
        world: What differs between the groups.
        trend_count: Number of trends.
        seed: Of all draws.
        micro_count: Exposed micro accounts a trend.
        macro_count: Exposed macro accounts a trend.
    """
    generator = np.random.default_rng(seed)
    pools = [5 * micro_count, 5 * macro_count]
    rates = np.exp(generator.normal(0.0, 0.7, sum(pools))) * np.repeat([1.0, world.rate_ratio], pools)
    candidates: list[dict[str, Any]] = []
    adopted: list[dict[str, Any]] = []
    posted: list[dict[str, Any]] = []
    for number in range(trend_count):
        lead_hours = world.micro_lead_hours if generator.random() < world.lead_share else 0.0
        accounts = np.concatenate(
            [
                generator.choice(pools[0], micro_count, replace=False),
                pools[0] + generator.choice(pools[1], macro_count, replace=False),
            ]
        )
        exposed = generator.gamma(2.0, 36.0, accounts.size) + np.where(accounts < pools[0], 0.0, lead_hours)
        found = []
        for account, exposure in zip(accounts, exposed, strict=True):
            is_bursty = world.is_bursty and bool(account < pools[0])
            posts = _post_hours(float(rates[account]), is_bursty=is_bursty, generator=generator)
            later = np.searchsorted(posts, exposure, side="left")
            wait = int(generator.geometric(world.adoption))
            if wait <= posts.size - later:
                found.append((int(account), posts, int(later + wait - 1)))
        birth = min(float(posts[row]) for _, posts, row in found)
        born = round((_EPOCH + timedelta(days=40 * number) + timedelta(hours=birth)).timestamp() * 1e6)
        trend_key, end = f"t{number:04d}", birth + 24 * _WINDOW_DAYS
        found = [entry for entry in found if entry[1][entry[2]] <= end]
        account_ids = np.array([account for account, _, _ in found])
        within = [(posts >= birth) & (posts <= end) for _, posts, _ in found]
        adopted.append(
            {
                "account": account_ids,
                "adopted_at": _instants(np.array([posts[row] for _, posts, row in found]), birth, born),
                "previous_post_at": _instants(
                    np.array([posts[row - 1] if row else np.nan for _, posts, row in found]), birth, born
                ),
                "prior_post_count": np.array(
                    [((posts < birth) & (posts >= birth - 24 * _HISTORY_DAYS)).sum() for _, posts, _ in found]
                ),
            }
        )
        posted.append(
            {
                "account": np.repeat(account_ids, [inside.sum() for inside in within]),
                "published_at": _instants(
                    np.concatenate([posts[inside] for (_, posts, _), inside in zip(found, within, strict=True)]), birth, born
                ),
                "has_trend": np.concatenate(
                    [np.flatnonzero(inside) == row for (_, _, row), inside in zip(found, within, strict=True)]
                ),
            }
        )
        candidates.append(
            {
                "trend_key": trend_key,
                "label": trend_key,
                "born_at": born,
                "window_ends_at": born + _WINDOW_DAYS * 86_400_000_000,
                "adopter_count": len(found),
                "is_left_censored": False,
                "is_in_use_before": False,
                "largest_day_share": 0.2,
            }
        )
    keys = [row["trend_key"] for row in candidates]
    adoptions = _stacked(adopted, keys)
    accounts = adoptions.pop("account")
    row_count = accounts.size
    adoptions |= {
        "platform": np.full(row_count, "reddit"),
        "actor_class": np.full(row_count, "creator"),
        "tier": np.where(accounts < pools[0], "micro", "macro"),
        "prior_exposure_days": np.full(row_count, float(_HISTORY_DAYS)),
        "ts_quality": np.full(row_count, "exact"),
    }
    timelines = _stacked(posted, keys)
    return WorldTables(
        pa.Table.from_pylist(candidates, schema=contracts.INT_TREND_CANDIDATES),
        _typed(adoptions, contracts.INT_TREND_ADOPTIONS),
        _typed(timelines, contracts.INT_TREND_TIMELINES),
    )


def _instants(hours: Floats, birth: float, born: int) -> NDArray[np.datetime64]:
    micros = np.round((hours - birth) * 3.6e9)
    known = np.isfinite(micros)
    stamps = (np.where(known, micros, 0).astype(np.int64) + born).astype("datetime64[us]")
    stamps[~known] = np.datetime64("NaT")
    return stamps


def _stacked(parts: list[dict[str, Any]], keys: list[str]) -> dict[str, NDArray[Any]]:
    """Columns of all trends, with the trend's key and the account's."""
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    columns["trend_key"] = np.repeat(keys, [part["account"].size for part in parts])
    columns["account_key"] = np.char.add("a", np.char.zfill(columns["account"].astype(str), 5))
    return columns


def _typed(columns: dict[str, NDArray[Any]], schema: pa.Schema) -> pa.Table:
    rows = next(iter(columns.values())).size
    arrays = [
        pa.array(columns[field.name], from_pandas=True).cast(field.type) if field.name in columns else pa.nulls(rows, field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)


def _side(p_value: float | None, excess: float) -> int:
    return int(np.sign(excess)) if p_value is not None and p_value <= NOMINAL else 0


def _naive_claims(adoptions: pa.Table) -> dict[str, int]:
    """Claims of the numbers that most dashboards show: sign of raw leads, and excess over the share of adopters."""
    leads, firsts, shares = [], [], []
    keys = np.array(adoptions["trend_key"].to_pylist())
    hours = np.asarray(adoptions["adopted_at"].cast(pa.int64()).to_numpy(), dtype=float)
    is_micro = np.array(adoptions["tier"].to_pylist()) == "micro"
    for key in np.unique(keys):
        rows = np.flatnonzero(keys == key)
        if is_micro[rows].all() or not is_micro[rows].any():
            continue
        leads.append(hours[rows][~is_micro[rows]].min() - hours[rows][is_micro[rows]].min())
        firsts.append(first_share(hours[rows], is_micro[rows]))
        shares.append(float(is_micro[rows].mean()))
    ahead = int((np.array(leads) > 0).sum())
    score = naive_origin(np.array(firsts), np.array(shares)).z_score
    return {
        "naive_lead_sign": _side(binomtest(ahead, len(leads)).pvalue, ahead - len(leads) / 2),
        "naive_origin_excess": _side(two_sided_normal_p(score), score),
    }


def world_claims(tables: WorldTables, parameters: TrendParameters) -> dict[str, int]:
    """Give what each estimator claims of one world: 1 lead (micro) first, -1 target first, 0 nothing.

    Args:
        tables: From :func:`simulate_world`.
        parameters: Of the estimators.
    """
    derived = analyse_trends(tables.candidates, tables.adoptions, tables.timelines, parameters)
    rows = derived["precedence_findings"].to_pylist()
    pooled = next(row for row in rows if (row["period"], row["target_class"]) == ("all", "large_creators"))
    odds = next(row for row in derived["origin_odds"].to_pylist() if row["period"] == "all" and row["tier"] == "micro")
    return {
        "kernel": _side(pooled["kernel_p_value"], (pooled["precedence_probability"] or 0.5) - 0.5),
        "timeline": _side(pooled["timeline_p_value"], pooled["shift_hours"] or 0.0),
        "both": {"lead_first": 1, "target_first": -1}.get(pooled["claim"], 0),
        "origin_odds": _side(odds["p_value"], (odds["odds_ratio"] or 1.0) - 1),
        **_naive_claims(tables.adoptions),
    }


def calibrate(
    world_count: int,
    *,
    trend_count: int = 30,
    names: tuple[str, ...] = tuple(WORLDS),
    parameters: TrendParameters | None = None,
    seed: int = 1,
    report: Callable[[str], None] = lambda _: None,
) -> pa.Table:
    """Measure how often each estimator claims something in each world.

    Args:
        world_count: Simulated worlds of each kind.
        trend_count: Trends in a world.
        names: Which of ``WORLDS``.
        parameters: Of the estimators; defaults when None.
        seed: Of the first world of each kind.
        report: Called with a line after each kind of world.

    Returns:
        One row per world and estimator: counts of claims, and the rate of false ones in null worlds.
    """
    rows = []
    for name in names:
        claims = [
            world_claims(simulate_world(WORLDS[name], trend_count, seed + index), parameters or TrendParameters())
            for index in range(world_count)
        ]
        for estimator in claims[0]:
            lead, target = (sum(claim[estimator] == side for claim in claims) for side in (1, -1))
            rate = (lead + target) / world_count if WORLDS[name].is_null else None
            values = (name, estimator, world_count, lead, target, rate, NOMINAL)
            rows.append(dict(zip(CALIBRATION.names, values, strict=True)))
            report(f"{name},{estimator},{world_count},{lead / world_count},{target / world_count}")
    return pa.Table.from_pylist(rows, schema=CALIBRATION)


def trend_levels(
    world_count: int,
    *,
    trend_count: int = 30,
    names: tuple[str, ...] = tuple(TREND_WORLDS),
    seed: int = 1001,
    report: Callable[[str], None] = lambda _: None,
) -> dict[str, tuple[int, int, int]]:
    """Measure one trend's kernel p-value and interval in null worlds; the timeline model is left out.

    Args:
        world_count: Simulated worlds of each kind.
        trend_count: Trends in a world.
        names: Which of ``TREND_WORLDS``.
        seed: Of the first world of each kind.
        report: Called with a line after each kind of world.

    Returns:
        By world: trends with a p-value, those with one of at most 0.05, those whose 90% interval holds 0.5.
    """
    parameters = TrendParameters(timeline=TimelineParameters(iteration_count=1, adoption_iteration_count=1))
    found = {}
    for name in names:
        counts = np.zeros(3, dtype=np.int64)
        for index in range(world_count):
            tables = simulate_world(TREND_WORLDS[name], trend_count, seed + index)
            rows = analyse_trends(tables.candidates, tables.adoptions, tables.timelines, parameters)["trend_precedence"]
            told = [row for row in rows.to_pylist() if row["target_class"] == "large_creators" and row["p_value"] is not None]
            counts += [
                len(told),
                sum(row["p_value"] <= NOMINAL for row in told),
                sum(row["precedence_low"] <= 0.5 <= row["precedence_high"] for row in told),
            ]
        trends, rejected, covered = (int(count) for count in counts)
        found[name] = (trends, rejected, covered)
        report(f"{name},{trends},{rejected / trends:.4f},{covered / trends:.4f}")
    return found


def main() -> None:
    """Print a calibration as CSV.

    Arguments: worlds of each kind (100), seed of the first (1), names of worlds (all); or ``trends`` and worlds of each
    kind (12) for the levels of single trends.
    """

    def report(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    arguments = sys.argv[1:]
    if arguments[:1] == ["trends"]:
        report("world,trend_count,p_at_most_5_percent_ratio,interval_90_covers_ratio")
        trend_levels(int(arguments[1]) if len(arguments) > 1 else 12, report=report)
        return
    world_count, seed = (int(arguments[place]) if len(arguments) > place else default for place, default in ((0, 100), (1, 1)))
    report("world,estimator,world_count,lead_first_ratio,target_first_ratio")
    calibrate(world_count, names=tuple(arguments[2:]) or tuple(WORLDS), seed=seed, report=report)


if __name__ == "__main__":
    main()
