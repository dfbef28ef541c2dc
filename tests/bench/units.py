"""How often labels are joined that are not one, and found that are: planted look-alikes in communities, and whole worlds. No night is run."""

from __future__ import annotations

import argparse
import time
from typing import Final

from pipelines.world.observation import Collection
from pipelines.world.scoring.intervals import clopper_pearson, upper_bound
from pipelines.world.simulate import simulate
from pipelines.world.trial import landed
from pipelines.world.warehouse import Warehouse, render
from tests.unit.world.spelled_world import COMMUNITY_COUNT, SpelledWorld, aliases

_PAIR_COUNT: Final = 18
_STEMS: Final = tuple(
    f"{first}{second}"
    for first in ("velvet", "copper", "moonlit")
    for second in ("harbour", "biscuit", "saddle", "walnut", "lantern", "kettle")
)
# By case: how the other label looks, whether it is of the same community, first day and length of both labels' spans in days.
CASES: Final = {
    "other people, same weeks, plural": ("s", False, (20, 30), (20, 30)),
    "other people, all year, plural": ("s", False, (0, 90), (0, 90)),
    "other people, all year, misspelling": ("u", False, (0, 90), (0, 90)),
    "same people, other weeks, plural": ("s", True, (0, 25), (60, 25)),
    "same people, other weeks, misspelling": ("u", True, (0, 25), (60, 25)),
    "same people, same weeks, plural (true)": ("s", True, (20, 30), (20, 30)),
    "same people, all year, plural (true)": ("s", True, (0, 90), (0, 90)),
    "same people, same weeks, misspelling (true)": ("u", True, (20, 30), (20, 30)),
    "same people, all year, misspelling (true)": ("u", True, (0, 90), (0, 90)),
}


def _other(stem: str, look: str) -> str:
    return f"{stem}s" if look == "s" else f"{stem[:3]}q{stem[4:]}"


def _planted(case: str, seed: int, user_count: int) -> int:
    look, is_same, wide, near = CASES[case]
    world = SpelledWorld(seed)
    for number, stem in enumerate(_STEMS[:_PAIR_COUNT]):
        community = number % COMMUNITY_COUNT
        world.use(stem, 50, community, *wide)
        world.use(_other(stem, look), user_count, community if is_same else (community + 1) % COMMUNITY_COUNT, *near)
    found = aliases(world)
    return sum(_other(stem, look) in found for stem in _STEMS[:_PAIR_COUNT])


def _worlds(name: str, size: str, seeds: int) -> None:
    warehouse = Warehouse(render(), exchanged=("int_unit_aliases", "int_trend_candidates"), published=())
    hits = planted = found_count = 0
    for seed in range(1, seeds + 1):
        simulation = simulate(name, size, seed)
        collection = Collection(simulation)
        got = warehouse.exchange(landed(simulation, [collection.see(day) for day in simulation.days()]))
        published = set(got["int_trend_candidates"]["label"].to_pylist())
        true = {(trend.alias, trend.tag) for trend in simulation.trends if trend.alias and trend.tag in published}
        table = got["int_unit_aliases"]
        found = set(zip(table["alias"].to_pylist(), table["unit"].to_pylist(), strict=True))
        hits, planted, found_count = hits + len(true & found), planted + len(true), found_count + len(found)
    print(
        f"{name}, {size}, {seeds} seeds: {planted} planted, {found_count} found, {found_count - hits} of them false; F1 {2 * hits / (planted + found_count):.3f}"
    )


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--users", type=int, default=8, help="accounts of the other label")
    parser.add_argument("--world", help="a world's name in place of planted pairs")
    parser.add_argument("--size", default="small")
    asked = parser.parse_args()
    if asked.world:
        _worlds(asked.world, asked.size, asked.seeds)
        return
    for case in CASES:
        begun = time.monotonic()
        joined = [_planted(case, seed, asked.users) for seed in range(1, asked.seeds + 1)]
        pairs, hits, worlds = _PAIR_COUNT * len(joined), sum(joined), sum(map(bool, joined))
        low, high = clopper_pearson(hits, pairs)
        print(
            f"{case}: joined {hits} of {pairs} pairs ({hits / pairs:.3f}, 95% {low:.3f}..{high:.3f}); in {worlds} of {len(joined)} worlds"
            f" (upper bound {upper_bound(worlds, len(joined)):.3f}); {time.monotonic() - begun:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
