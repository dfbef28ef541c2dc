"""Worlds in which no platform leads, and in which one does, and how often platform precedence claims something. Defines no estimator that is published."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import rankdata

from pipelines.analysis import contracts
from pipelines.analysis.platform_precedence import PlatformParameters, analyse_platforms

METHOD_VERSION: Final = "platform_worlds_1"
Floats = NDArray[np.float64]
NOMINAL: Final = 0.05
# Fewer deals than in production: enough for thirty tags, and many worlds are asked.
CALIBRATED: Final = PlatformParameters(draw_count=999)
DAYS: Final = 365.0
TAG_COUNT: Final = 30
_EPOCH: Final = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())
_DAY_MICROSECONDS: Final = 86_400_000_000

POSTS: Final = pa.schema(
    [
        pa.field("platform", pa.string(), nullable=False),
        pa.field("account_key", pa.string(), nullable=False),
        pa.field("post_key", pa.string(), nullable=False),
        pa.field("collection_query", pa.string()),
        pa.field("published_at", contracts.INSTANT, nullable=False),
        pa.field("tags", pa.list_(pa.string()), nullable=False),
    ]
)
PLATFORM_CALIBRATION: Final = pa.schema(
    [
        pa.field("world", pa.string(), nullable=False),
        pa.field("estimator", pa.string(), nullable=False),
        pa.field("unit", pa.string(), nullable=False),  # tag, or world for pooled claims
        pa.field("unit_count", pa.int64(), nullable=False),
        pa.field("world_count", pa.int64(), nullable=False),
        pa.field("a_first_ratio", pa.float64(), nullable=False),
        pa.field("b_first_ratio", pa.float64(), nullable=False),
        pa.field("standard_error", pa.float64(), nullable=False),  # Monte Carlo, of the sum of both, between worlds
        pa.field("is_null", pa.bool_(), nullable=False),
    ]
)


@dataclass(frozen=True)
class PlatformWorld:
    """A year of two platforms, a and b, as they were collected.

    Attributes:
        growth: Of the collection of a and of b: its density in time is proportional to exp(growth x share of the year).
        posts: Median posts of an account on a and on b.
        query_count: Searches that found the accounts; each has a growth of its own.
        life: ``evergreen`` (used alike all year), ``born`` (used from a day on) or ``fad`` (rises and falls, Gamma(2, 30 days)).
        chance: That a post carries a tag, while the tag is at its height; varies between accounts (sigma 0.7).
        lead_days: By which a is earlier in the tags that it leads; negative: b is.
        lead_share: Share of tags that are led.
        spell_days: Accounts publish within a spell of this length; the whole rest of the year when 0.
    """

    growth: tuple[float, float] = (0.0, 3.0)
    posts: tuple[float, float] = (1.5, 1.5)
    query_count: int = 3
    life: str = "evergreen"
    chance: float = 0.05
    lead_days: float = 0.0
    lead_share: float = 1.0
    spell_days: float = 0.0

    @property
    def is_null(self) -> bool:
        """Whether a claim in this world is false."""
        return self.lead_days == 0


WORLDS: Final[dict[str, PlatformWorld]] = {
    "null_unequal_growth": PlatformWorld(),
    "null_one_query": PlatformWorld(query_count=1),
    "null_prolific_on_a": PlatformWorld(posts=(6.0, 1.5), chance=0.03),
    "null_prolific_on_b": PlatformWorld(posts=(1.5, 6.0), chance=0.03),
    "null_spells": PlatformWorld(posts=(4.0, 4.0), chance=0.03, spell_days=20),
    "null_born": PlatformWorld(life="born", chance=0.15),
    "null_born_prolific_on_a": PlatformWorld(posts=(6.0, 1.5), life="born", chance=0.1),
    "null_fads": PlatformWorld(life="fad", chance=0.3),
    "null_fads_prolific_on_b": PlatformWorld(posts=(1.5, 6.0), life="fad", chance=0.15),
    "a_7_days_earlier": PlatformWorld(life="fad", chance=0.3, lead_days=7),
    "a_30_days_earlier": PlatformWorld(life="fad", chance=0.3, lead_days=30),
    "b_30_days_earlier": PlatformWorld(life="fad", chance=0.3, lead_days=-30),
    "a_30_days_earlier_born": PlatformWorld(life="born", chance=0.15, lead_days=30),
    "a_7_days_earlier_in_a_fifth": PlatformWorld(life="fad", chance=0.3, lead_days=7, lead_share=0.2),
    "a_30_days_earlier_in_a_fifth": PlatformWorld(life="fad", chance=0.3, lead_days=30, lead_share=0.2),
}


def _growing(size: int, growth: Floats, generator: np.random.Generator) -> Floats:
    """Times in 0..1 with density proportional to exp(growth t)."""
    uniform = generator.random(size)
    steep = np.where(np.abs(growth) < 1e-6, 1e-6, growth)
    return np.asarray(np.log1p(uniform * np.expm1(steep)) / steep)


def _use_chance(life: str, days: Floats) -> Floats:
    """Use of a tag relative to its height, by days since its birth."""
    if life == "evergreen":
        return np.ones_like(days)
    if life == "born":
        return (days >= 0).astype(float)
    return np.where(days >= 0, days / 30 * np.exp(1 - days / 30), 0.0)


def simulate_posts(world: PlatformWorld, seed: int, *, account_count: int = 600) -> pa.Table:
    """Simulate what was collected on two platforms.

    Args:
        world: What differs.
        seed: Of all draws.
        account_count: Accounts on each platform.

    Returns:
        Posts in the schema ``POSTS``.
    """
    generator = np.random.default_rng(seed)
    births = DAYS * (0.15 + 0.55 * generator.random(TAG_COUNT))
    is_led = generator.random(TAG_COUNT) < world.lead_share
    names = np.array([f"tag{number:02d}" for number in range(TAG_COUNT)])
    rows: list[dict[str, Any]] = []
    for side, platform in enumerate("ab"):
        counts = 1 + generator.poisson(world.posts[side] * np.exp(generator.normal(0.0, 0.8, account_count)))
        query = generator.integers(0, world.query_count, account_count)
        growth = world.growth[side] + np.array([0.0, 1.5, -1.5])[query % 3]
        taste = world.chance * np.exp(generator.normal(0.0, 0.7, (account_count, TAG_COUNT)))
        began = births + (world.lead_days * is_led if side else 0.0)
        owner = np.repeat(np.arange(account_count), counts)
        if world.spell_days:
            start = _growing(account_count, growth, generator)[owner] * (DAYS - world.spell_days)
            days = start + world.spell_days * generator.random(owner.size)
        else:
            days = DAYS * _growing(owner.size, growth[owner], generator)
        chance = taste[owner] * _use_chance(world.life, days[:, None] - began[None, :])
        uses = generator.random(chance.shape) < chance
        for number, (account, day) in enumerate(zip(owner, days, strict=True)):
            rows.append(
                {
                    "platform": platform,
                    "account_key": f"{platform}{account:04d}",
                    "post_key": f"{platform}{number:06d}",
                    "collection_query": f"q{query[account]}",
                    "published_at": _EPOCH * 1_000_000 + int(day * _DAY_MICROSECONDS),
                    "tags": names[uses[number]].tolist(),
                }
            )
    return pa.Table.from_pylist(rows, POSTS)


def exchange_tables(posts: pa.Table, parameters: PlatformParameters) -> dict[str, pa.Table]:
    """Give what dbt's exchange models would hold of these posts, where all have exact times.

    Args:
        posts: In the schema ``POSTS``.
        parameters: Whose caps hold.
    """
    accounts = {(row["platform"], row["account_key"]): row for row in posts.to_pylist()}
    panel = {row["account_key"] for row in _capped(list(accounts.values()), ("platform",), "account_key", parameters.account_cap)}
    own = [row for row in posts.to_pylist() if row["account_key"] in panel]
    everything = sorted(own, key=lambda row: (row["published_at"], row["post_key"]))
    spans: dict[str, list[datetime]] = defaultdict(list)
    for row in everything:
        spans[row["platform"]].append(row["published_at"])
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in contracts.EXCHANGE if name.startswith("int_platform_")}
    for a, b in combinations(sorted(spans), 2):
        begins, ends = max(spans[a][0], spans[b][0]), min(spans[a][-1], spans[b][-1])
        names = {"platform_a": a, "platform_b": b}
        inside = [row for row in everything if row["platform"] in (a, b) and begins <= row["published_at"] <= ends]
        pool = _capped(inside, ("platform",), "post_key", parameters.pool_cap)
        tables["int_platform_strata"] += [row | names for row in pool]
        firsts: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        for row in inside:
            for tag in row["tags"]:
                firsts[tag].setdefault(row["account_key"], row)
        counted = []
        for tag, first in sorted(firsts.items()):
            count_a = sum(row["platform"] == a for row in first.values())
            count_b = len(first) - count_a
            if len(first) >= parameters.smallest_adopter_count and min(count_a, count_b) > 0:
                counted.append({"tag": tag, "adopter_count_a": count_a, "adopter_count_b": count_b} | names)
        counted.sort(key=lambda row: (-min(row["adopter_count_a"], row["adopter_count_b"]), row["tag"]))
        tables["int_platform_tags"] += [row | {"tag_count": len(counted)} for row in counted[: parameters.tag_cap]]
        for row in counted[: parameters.tag_cap]:
            first_rows = list(firsts[row["tag"]].values())
            compared = {each["post_key"] for each in _capped(first_rows, ("platform",), "account_key", parameters.adopter_cap)}
            tables["int_platform_uses"] += [
                each
                | names
                | {"tag": row["tag"], "adopted_at": each["published_at"], "is_compared": each["post_key"] in compared}
                for each in first_rows
            ]
        common = {"common_begins_at": begins, "common_ends_at": ends, "is_daily": False, "posting_rate_ratio": 1.0}
        tables["int_platform_pairs"].append(names | common)
    return {name: pa.Table.from_pylist(rows, contracts.EXCHANGE[name]) for name, rows in tables.items()}


def _capped(rows: list[dict[str, Any]], group: tuple[str, ...], key: str, cap: int) -> list[dict[str, Any]]:
    """The first rows of each group by their key."""
    kept: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: str(row[key])):
        members = kept[tuple(row[name] for name in group)]
        if len(members) < cap:
            members.append(row)
    return [row for members in kept.values() for row in members]


@dataclass(frozen=True)
class _Strata:
    """Times of the posts of each stratum platform x query x ordinal (to 3), and for each tag the strata of its adopters."""

    pools: dict[tuple[Any, ...], Floats]
    adopters: dict[str, dict[bool, list[tuple[tuple[Any, ...], float]]]]


def _strata(posts: pa.Table) -> _Strata:
    pools: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    seen: dict[str, int] = defaultdict(int)
    taken: set[tuple[str, str]] = set()
    adopters: dict[str, dict[bool, list[tuple[tuple[Any, ...], float]]]] = defaultdict(lambda: {True: [], False: []})
    platform_a = min(posts["platform"].to_pylist())
    for row in sorted(posts.to_pylist(), key=lambda row: (row["published_at"], row["post_key"])):
        seen[row["account_key"]] += 1
        stratum = (row["platform"], row["collection_query"] or "", min(seen[row["account_key"]], 3))
        hours = row["published_at"].timestamp() / 3600
        pools[stratum].append(hours)
        for tag in row["tags"]:
            if (tag, row["account_key"]) not in taken:
                taken.add((tag, row["account_key"]))
                adopters[tag][row["platform"] == platform_a].append((stratum, hours))
    return _Strata({stratum: np.array(times) for stratum, times in pools.items()}, dict(adopters))


def _earlier(on_a: Floats, on_b: Floats) -> Floats:
    count, other = on_a.shape[-1], on_b.shape[-1]
    ranks = rankdata(np.concatenate([on_a, on_b], axis=-1), axis=-1)
    return np.asarray(1 - (ranks[..., :count].sum(axis=-1) - count * (count + 1) / 2) / (count * other))


def constant_use_sides(posts: pa.Table, tags: list[str], draw_count: int, seed: int) -> tuple[list[int], int]:
    """Claims at 5% against the null that was tried and is not published: a tag's use does not change over time.

    Each adopter's time is replaced by that of a random post of its stratum (platform, query, how many-eth post of its
    account, to 3), without replacement within a tag.

    Returns:
        By tag, 1 where a is claimed earlier, -1 where b is, else 0; and the same for the mean over tags.
    """
    strata, generator = _strata(posts), np.random.default_rng(seed)
    sides, observed, nulls = [], [], []
    for tag in tags:
        drawn: dict[bool, Floats] = {}
        for side, members in strata.adopters[tag].items():
            columns = []
            for stratum in sorted({stratum for stratum, _ in members}):
                count, pool = sum(each == stratum for each, _ in members), strata.pools[stratum]
                keys = generator.random((draw_count, pool.size))
                columns.append(pool[np.argsort(keys, axis=1)[:, :count]])
            drawn[side] = np.concatenate(columns, axis=1)
        times = {side: np.array([hours for _, hours in members]) for side, members in strata.adopters[tag].items()}
        observed.append(float(_earlier(times[True], times[False])))
        nulls.append(_earlier(drawn[True], drawn[False]))
        sides.append(_side(observed[-1], nulls[-1]))
    return sides, _side(float(np.mean(observed)), np.mean(nulls, axis=0)) if tags else 0


def _side(observed: float, null: Floats) -> int:
    is_as_far = np.abs(null - null.mean()) >= abs(observed - null.mean()) - 1e-12
    return int(np.sign(observed - null.mean())) if (1 + is_as_far.sum()) / (1 + null.size) <= NOMINAL else 0


_CLAIM_SIDES: Final = {"platform_a_first": 1, "platform_b_first": -1}


def world_claims(posts: pa.Table, parameters: PlatformParameters, seed: int) -> dict[tuple[str, str], list[int]]:
    """Give what each estimator says of two platforms: 1 a first, -1 b first, 0 nothing.

    Args:
        posts: Of two platforms, in the schema ``POSTS``.
        parameters: Of the estimator.
        seed: Of the draws of the null that is not published.

    Returns:
        By estimator and unit (tag or world).
    """
    derived = analyse_platforms(exchange_tables(posts, parameters), parameters)
    rows = [row for row in derived["platform_precedence"].to_pylist() if row["abstain_reason"] is None]
    pooled = derived["platform_precedence_findings"].to_pylist()[0]
    excesses = [row["precedence_probability"] - row["null_probability"] for row in rows]
    tried, tried_pooled = constant_use_sides(posts, [row["tag"] for row in rows], 99, seed)
    return {
        ("published_p", "tag"): [
            int(np.sign(excess)) if row["p_value"] <= NOMINAL else 0 for row, excess in zip(rows, excesses, strict=True)
        ],
        ("published_claim", "tag"): [_CLAIM_SIDES.get(row["claim"], 0) for row in rows],
        ("label_shuffle", "tag"): [
            int(np.sign(row["precedence_probability"] - 0.5)) if row["naive_lead_null_p"] <= NOMINAL else 0 for row in rows
        ],
        ("constant_use_null", "tag"): tried,
        ("published_claim", "world"): [_CLAIM_SIDES.get(pooled["claim"], 0)],
        ("constant_use_null", "world"): [tried_pooled],
    }


def calibrate_platforms(
    world_count: int,
    *,
    names: tuple[str, ...] = tuple(WORLDS),
    parameters: PlatformParameters | None = None,
    seed: int = 1,
    report: Callable[[str], None] = lambda _: None,
) -> pa.Table:
    """Measure how often something is claimed in each world.

    Args:
        world_count: Simulated worlds of each kind.
        names: Which of ``WORLDS``.
        parameters: Of the estimator; ``CALIBRATED`` when None.
        seed: Of the first world of each kind.
        report: Called with a line for each row.

    Returns:
        One row per world, estimator and unit.
    """
    rows = []
    for name in names:
        claims = [
            world_claims(simulate_posts(WORLDS[name], seed + number), parameters or CALIBRATED, seed + number)
            for number in range(world_count)
        ]
        for estimator, unit in claims[0]:
            row = {"world": name, "estimator": estimator, "unit": unit, "is_null": WORLDS[name].is_null}
            row |= claim_rates([claim[estimator, unit] for claim in claims])
            rows.append(row)
            report(
                ",".join(
                    f"{row[column]:.3f}" if isinstance(row[column], float) else str(row[column])
                    for column in PLATFORM_CALIBRATION.names
                )
            )
    return pa.Table.from_pylist(rows, PLATFORM_CALIBRATION)


def claim_rates(worlds: list[list[int]]) -> dict[str, Any]:
    """Shares of claims over all units, with the standard error of their sum between worlds (units of one world are alike)."""
    sides = np.concatenate([np.array(units, dtype=float) for units in worlds])
    sizes, claimed = np.array([len(units) for units in worlds]), np.array([np.abs(units).sum() for units in worlds])
    ratio = claimed.sum() / max(sizes.sum(), 1)
    spread = np.sqrt(((claimed - ratio * sizes) ** 2).sum()) / max(sizes.sum(), 1)
    return {
        "unit_count": int(sizes.sum()),
        "world_count": len(worlds),
        "a_first_ratio": float((sides > 0).mean()) if sides.size else 0.0,
        "b_first_ratio": float((sides < 0).mean()) if sides.size else 0.0,
        "standard_error": float(spread),
    }


def main() -> None:
    """Print the calibration as CSV; arguments: worlds of each kind (25), seed of the first (1), names of worlds (all)."""
    world_count, seed = (int(sys.argv[place]) if len(sys.argv) > place else default for place, default in ((1, 25), (2, 1)))
    sys.stdout.write(",".join(PLATFORM_CALIBRATION.names) + "\n")

    def report(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    calibrate_platforms(world_count, names=tuple(sys.argv[3:]) or tuple(WORLDS), seed=seed, report=report)


if __name__ == "__main__":
    main()
