"""The trend tables from one, ten and fifty million adoptions: everything anew, one changed trend after it, and what a notebook would do. Made-up times only."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.analysis.contracts import INT_TREND_ADOPTIONS, INT_TREND_CANDIDATES, INT_TREND_TIMELINES
from pipelines.analysis.increments import Partition, digest
from pipelines.analysis.trend_rows import TrendPartition, TrendTables
from pipelines.analysis.trends import analyse_trend_partitions

_MONTHS: Final = tuple(f"{year}-{month:02d}" for year in (2024, 2025) for month in range(1, 13))
_TRENDS_A_MONTH: Final = 20
_POSTS: Final = 10
# As dbt's timelines begin.
_HOURS_BEFORE_BIRTH: Final = 24.0 * 7
_ACCOUNTS: Final = 500_000
_PLATFORMS: Final = ("bluesky", "instagram", "tiktok")
_TIERS: Final = ("micro_sub1k", "micro_1k_10k", "mid", "macro", "mega", None)
_TIER_SHARES: Final = (0.55, 0.25, 0.1, 0.05, 0.01, 0.04)
_HOUR: Final = 3_600_000_000
_PARTS: Final = {"candidates": INT_TREND_CANDIDATES, "adoptions": INT_TREND_ADOPTIONS, "timelines": INT_TREND_TIMELINES}
# Read as a night reads them (pipelines.lake.exchange): an account's key comes with each of its posts.
_PLACES: Final = ("trend_key", "account_key")


def _texts(values: list[str | None], codes: np.ndarray) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(values, pa.string()))


def _month(folder: Path, month: str, count: int, accounts: list[str | None], rng: np.random.Generator) -> None:
    """One month's exchange tables: equal exposure, posts by a Poisson process from a week before, every post after the exposure shows the trend."""
    born = int(datetime.fromisoformat(f"{month}-03T00:00:00+00:00").timestamp() * 1e6)
    keys: list[str | None] = [digest(month, number) for number in range(_TRENDS_A_MONTH)]
    trend = np.sort(rng.integers(0, _TRENDS_A_MONTH, count))
    account = rng.integers(0, _ACCOUNTS, count)
    pair = np.unique(trend * _ACCOUNTS + account)
    trend, account = pair // _ACCOUNTS, pair % _ACCOUNTS
    gaps = rng.exponential(48.0, (pair.size, _POSTS))
    posts = np.cumsum(gaps, axis=1) - _HOURS_BEFORE_BIRTH
    exposed = rng.gamma(2.0, 36.0, pair.size)
    place = np.minimum((posts < exposed[:, None]).sum(axis=1), _POSTS - 1)
    rows = np.arange(pair.size)
    adopted = posts[rows, place]
    before = -_HOURS_BEFORE_BIRTH - rng.exponential(48.0, pair.size)
    previous = np.where(place > 0, posts[rows, np.maximum(place - 1, 0)], before)
    tier = rng.choice(len(_TIERS), pair.size, p=_TIER_SHARES)
    instant = pa.timestamp("us", tz="UTC")

    def at(hours: np.ndarray) -> pa.Array:
        return pa.array((born + hours * _HOUR).astype(np.int64)).cast(instant)

    sizes = _texts(list(_TIERS[:-1]), np.where(tier == len(_TIERS) - 1, 0, tier)).cast(pa.string())
    sizes = pa.compute.if_else(pa.array(tier == len(_TIERS) - 1), pa.scalar(None, pa.string()), sizes)
    adoptions: dict[str, Any] = {
        "trend_key": _texts(keys, trend),
        "account_key": _texts(accounts, account),
        "platform": _texts(list(_PLATFORMS), account % len(_PLATFORMS)),
        "actor_class": _texts(["creator", "media"], (rng.random(pair.size) < 0.01).astype(np.int64)),
        "tier": sizes,
        "is_tier_imputed": pa.array(np.zeros(pair.size, dtype=bool)),
        "tier_at_birth": sizes,
        "niche_id": pa.nulls(pair.size, pa.string()),
        "adopted_at": at(adopted),
        "previous_post_at": at(previous),
        "prior_post_count": pa.array(rng.poisson(15.0, pair.size)),
        "prior_exposure_days": pa.array(np.full(pair.size, 30.0)),
        "ts_quality": _texts(["exact"], np.zeros(pair.size, dtype=np.int64)),
    }
    candidates = {
        "trend_key": pa.array(keys),
        "unit_type": pa.array(["hashtag"] * _TRENDS_A_MONTH),
        "label": pa.array([f"trend{number}" for number in range(_TRENDS_A_MONTH)]),
        "born_at": at(np.zeros(_TRENDS_A_MONTH)),
        "window_ends_at": at(np.full(_TRENDS_A_MONTH, 24.0 * 28)),
        "adopter_count": pa.array(np.bincount(trend, minlength=_TRENDS_A_MONTH)),
        "is_left_censored": pa.array(np.zeros(_TRENDS_A_MONTH, dtype=bool)),
        "is_in_use_before": pa.array(np.zeros(_TRENDS_A_MONTH, dtype=bool)),
        "largest_day_share": pa.array(np.full(_TRENDS_A_MONTH, 0.1)),
    }
    several = np.repeat(rows, _POSTS)
    timelines = {
        "trend_key": _texts(keys, trend[several]),
        "account_key": _texts(accounts, account[several]),
        "published_at": at(posts.ravel()),
        "has_trend": pa.array((posts >= adopted[:, None]).ravel()),
    }
    for part, columns in {"candidates": candidates, "adoptions": adoptions, "timelines": timelines}.items():
        pq.write_table(pa.table(columns).cast(_PARTS[part]), folder / f"{month}-{part}.parquet")


def write(folder: Path, adoption_count: int) -> None:
    """Write the exchange tables of two years.

    Args:
        folder: Made here.
        adoption_count: Of all trends, about.
    """
    folder.mkdir(parents=True)
    accounts: list[str | None] = [digest("account", number) for number in range(_ACCOUNTS)]
    for number, month in enumerate(_MONTHS):
        _month(folder, month, adoption_count // len(_MONTHS), accounts, np.random.default_rng(number))


def _read(file: Path, part: str) -> pa.Table:
    schema, places = _PARTS[part], _PLACES if part == "timelines" else ()
    kinds = [field.with_type(pa.dictionary(pa.int32(), pa.string())) if field.name in places else field for field in schema]
    return pq.read_table(file, columns=schema.names, read_dictionary=list(places)).cast(pa.schema(kinds))


def _partitions(folder: Path, changed: Mapping[str, str]) -> dict[str, TrendPartition]:
    def partition(month: str) -> TrendPartition:
        def load() -> TrendTables:
            tables = {part: _read(folder / f"{month}-{part}.parquet", part) for part in _PARTS}
            if month in changed:
                # One trend's window ends a day later.
                ends = tables["candidates"]["window_ends_at"].to_pylist()
                ends[0] = datetime(2026, 6, 1, tzinfo=UTC)
                place = tables["candidates"].schema.get_field_index("window_ends_at")
                column = pa.array(ends, _PARTS["candidates"].field("window_ends_at").type)
                tables["candidates"] = tables["candidates"].set_column(place, _PARTS["candidates"].field(place), column)
            return TrendTables(tables["candidates"], tables["adoptions"], tables["timelines"])

        return Partition(digest(month, changed.get(month, "")), load)

    return {month: partition(month) for month in _MONTHS}


def _analysed(folder: Path) -> dict[str, float]:
    begin = time.process_time()
    first = analyse_trend_partitions(_partitions(folder, {}))
    anew = time.process_time() - begin
    begin = time.process_time()
    second = analyse_trend_partitions(_partitions(folder, {_MONTHS[-1]: "later"}), stored=first.state)
    night = time.process_time() - begin
    compared = float(second.computed["comparisons"])
    return {"anew_seconds": anew, "night_seconds": night, "night_comparisons": compared, "peak_mb": _peak()}


def _notebook(folder: Path) -> dict[str, float]:
    """What one would write at first: all in pandas, who was first, and a rank test for each trend. Wrong where posting rates differ."""
    import pandas as pd
    from scipy.stats import mannwhitneyu

    begin = time.process_time()
    columns = ["trend_key", "account_key", "platform", "actor_class", "tier", "adopted_at"]
    table = pd.concat(pd.read_parquet(folder / f"{month}-adoptions.parquet", columns=columns) for month in _MONTHS)
    table["size"] = table["tier"].map(
        lambda tier: "micro" if str(tier).startswith("micro") else "large" if tier in {"macro", "mega"} else None
    )
    table.sort_values("adopted_at").groupby("trend_key").first()
    for _, rows in table.groupby("trend_key"):
        hours = rows["adopted_at"].astype("int64")
        mannwhitneyu(hours[rows["size"] == "micro"], hours[rows["size"] == "large"])
    return {"anew_seconds": time.process_time() - begin, "peak_mb": _peak()}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _apart(folder: Path, what: str) -> dict[str, float]:
    """In a process of its own, so that its peak of memory is its own."""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "tests.bench.adoptions", str(folder), what], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def compare(folder: Path, sizes: tuple[int, ...]) -> None:
    """Print what the trend tables of each size take, and how that grows; seconds are the processor's.

    Args:
        folder: For the exchange tables; emptied after each size.
        sizes: Adoptions, ascending.
    """
    import shutil

    trends = _TRENDS_A_MONTH * len(_MONTHS)
    print(f"{trends:,} trends of {len(_MONTHS)} months, {len(_PLATFORMS)} platforms; processor seconds")
    last: tuple[int, dict[str, float]] | None = None
    for size in sizes:
        write(folder / str(size), size)
        ours, theirs = _apart(folder / str(size), "ours"), _apart(folder / str(size), "notebook")
        shutil.rmtree(folder / str(size))
        print(
            f"  {size:11,} adoptions  anew {ours['anew_seconds']:.0f} s, a night that changes one trend {ours['night_seconds']:.1f} s"
            f" ({ours['night_comparisons']:.0f} comparisons), peak {ours['peak_mb']:.0f} MB;"
            f" pandas and a rank test, wrong where posting rates differ: {theirs['anew_seconds']:.0f} s, {theirs['peak_mb']:.0f} MB",
            flush=True,
        )
        if last is not None:
            ratio = float(np.log(size / last[0]))
            powers = {
                name: float(np.log(ours[name] / last[1][name])) / ratio for name in ("anew_seconds", "night_seconds", "peak_mb")
            }
            print("    growth: " + ", ".join(f"{name} to the power of {power:.2f}" for name, power in powers.items()), flush=True)
        last = size, ours


if __name__ == "__main__":
    print(json.dumps((_analysed if sys.argv[2] == "ours" else _notebook)(Path(sys.argv[1]))))
