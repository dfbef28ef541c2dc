"""Communities of planted worlds of growing size: time, memory and their growth, beside modularity on the raw projection."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from tests.unit.analysis.co_use_worlds import World, planted_world

_SIZES: Final = (10_000, 100_000, 1_000_000)
_ACCOUNTS_PER_COMMUNITY: Final = 500
_MIXING: Final = 0.3
_Outcome = tuple[int, int, NDArray[np.int64], NDArray[np.bool_]]
# The raw projection of larger worlds does not fit in memory.
_LARGEST_RAW: Final = 10_000


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of one side, in a process of its own."""

    seconds: float
    cpu_seconds: float  # moves less than the wall clock when others use the machine
    peak_mb: float  # of the whole process, making the world included
    pair_count: int
    edge_count: int
    community_count: int
    assigned: float
    rand_index: float  # of the assigned, against the planted communities


def _ours(world: World) -> _Outcome:
    """Validated co-use, the constant Potts model at the stablest resolution, members of stable communities."""
    from pipelines.analysis.co_use import candidate_pairs
    from pipelines.analysis.communities import NicheParameters, stable_partition

    parameters, size = NicheParameters(), world.homes.size
    found = stable_partition(world.counts, csr_matrix((size, size)), parameters)
    sizes = np.bincount(found.labels)
    jaccards = np.array([found.jaccards.get(label, 0.0) for label in range(sizes.size)])
    is_niche = (jaccards >= parameters.smallest_jaccard) & (sizes >= parameters.smallest_niche)
    return candidate_pairs(world.counts, parameters.co_use)[0].size, found.graph.nnz // 2, found.labels, is_niche[found.labels]


def _raw(world: World) -> _Outcome:
    """What a user would pick instead: every pair of co-users, weighted by how many units they share; modularity, once."""
    from pipelines.analysis.communities import leiden

    binary = (world.counts > 0).astype(np.float64)
    graph = csr_matrix(binary @ binary.T)
    graph.setdiag(0)
    graph.eliminate_zeros()
    graph.sort_indices()
    labels = leiden(graph, 1.0, 1, use_modularity=True)
    return graph.nnz // 2, graph.nnz // 2, labels, np.bincount(labels)[labels] >= 5


SIDES: Final[dict[str, Callable[[World], _Outcome]]] = {"ours": _ours, "raw": _raw}


def run_side(side: str, size: int) -> None:
    """Do the work of one side and print its measures as JSON."""
    from pipelines.analysis.communities import adjusted_rand_index

    world = planted_world(size, size // _ACCOUNTS_PER_COMMUNITY, _MIXING, 1)
    started, cpu = time.perf_counter(), time.process_time()
    pairs, edges, labels, inside = SIDES[side](world)
    measured = Measured(
        time.perf_counter() - started,
        time.process_time() - cpu,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        pairs,
        edges,
        np.unique(labels[inside]).size,
        float(inside.mean()),
        adjusted_rand_index(labels[inside], world.homes[inside]) if inside.any() else 0.0,
    )
    print(json.dumps(asdict(measured)))


def _measured(side: str, size: int) -> Measured:
    command = [sys.executable, "-m", "tests.bench.communities", "--side", side, "--accounts", str(size)]
    limits = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | limits)  # noqa: S603 - our own
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def compare(largest: int) -> None:
    """Print the comparison on worlds of up to ``largest`` accounts; see ``_SIZES``."""
    sizes = [size for size in _SIZES if size <= largest] or [largest]
    print(f"communities of planted worlds, mixing {_MIXING}, {_ACCOUNTS_PER_COMMUNITY} accounts a community")
    ours: list[Measured] = []
    for size in sizes:
        for side in SIDES:
            if side == "raw" and size > _LARGEST_RAW:
                continue
            found = _measured(side, size)
            ours += [found] if side == "ours" else []
            print(
                f"  {side:5} {size:9,} accounts {found.seconds:8.1f} s {found.cpu_seconds:8.1f} s of CPU  peak {found.peak_mb:6.0f} MB"
                f"  {found.pair_count:,} pairs, {found.edge_count:,} edges, {found.community_count:,} of"
                f" {size // _ACCOUNTS_PER_COMMUNITY:,} communities, {found.assigned:.0%} assigned at ARI {found.rand_index:.3f}"
            )
    for (one, before), (other, after) in zip(
        zip(sizes, ours, strict=True), list(zip(sizes, ours, strict=True))[1:], strict=False
    ):
        ratio = np.log(other / one)
        print(
            f"  growth from {one:,} to {other:,} accounts: CPU to the power of {np.log(after.cpu_seconds / before.cpu_seconds) / ratio:.2f},"
            f" pairs {np.log(after.pair_count / before.pair_count) / ratio:.2f}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", choices=tuple(SIDES), help="one side instead of the comparison")
    parser.add_argument("--accounts", type=int, default=100_000)
    arguments = parser.parse_args()
    if arguments.side:
        run_side(arguments.side, arguments.accounts)
    else:
        compare(arguments.accounts)
